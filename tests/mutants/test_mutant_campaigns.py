"""Mutants are killed by checks that a fresh process confirms; survivors are told apart; a campaign can be resumed."""

from __future__ import annotations

import json
import resource
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from campaigns import COUNT, FURTHER, Campaign, Heard, edited, made
from mutant_designs import tally
from prerequisites import need

from dv_agent.agents.failures.kind import kind_of
from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.designs.mutants.candidate import Candidate, Edit, write_mutant
from dv_agent.errors import OutputError, UsageError
from dv_agent.eval.mutants.campaign import Wish, resume, start
from dv_agent.eval.mutants.clean_tests import CleanDesk, Given
from dv_agent.eval.mutants.data_model import Mutant, Oracle, Outcome
from dv_agent.eval.mutants.one_mutant.pin_differences import first_difference
from dv_agent.eval.mutants.one_mutant.trial import MutantTrials
from dv_agent.eval.mutants.result_folder import OUTCOMES, OutcomeLines, read_result
from dv_agent.eval.mutants.summary import MutationResult, as_json
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.icarus import IcarusSimulator

ONE_BEAT = [{"number": {"v": 3}}]
Stimuli = Sequence[list[dict[str, Any]]]


def timeless(outcomes: tuple[Outcome, ...]) -> list[Outcome]:
    return [one.model_copy(update={"seconds": 0.0}) for one in outcomes]


def mutated(design: DesignFolder, mutant: Mutant, room: Path) -> DesignFolder:
    copy = rtl_copy(design, room / mutant.id)
    write_mutant(copy.design.folder, mutant.change)
    return copy


def test_every_kill_happens_again_with_the_check_that_is_named(finished: Campaign, tmp_path: Path) -> None:
    tests = load_witnesses(finished.design)
    killed = [pair for pair in finished.result.pairs() if pair[1].verdict == "killed"]
    assert len(killed) >= 3
    for mutant, outcome in killed:
        copy = mutated(finished.design, mutant, tmp_path)
        assert outcome.test is not None
        program = expand(copy.design, finished.design.schema, tests[outcome.test])
        failures = confirm(IcarusSimulator(), copy.design, program, finished.design.model)
        assert outcome.failure
        assert kind_of(outcome.failure) in map(kind_of, failures)
        assert outcome.by == outcome.failure.check


def test_the_figures_are_those_of_the_outcomes(finished: Campaign) -> None:
    plain = as_json(finished.result)
    verdicts = Counter(one["verdict"] for one in plain["mutants"])
    assert {name: number for name, number in plain["totals"].items() if number} == verdicts
    assert len(finished.result.outcomes) == COUNT
    assert plain["score"] == round(100 * verdicts["killed"] / (sum(verdicts.values()) - verdicts["equivalent"]), 2)
    for groups in (plain["by_kind"], plain["by_module"]):
        assert sum(sum(one.values()) for one in groups.values()) == sum(verdicts.values())
    assert sum(plain["by_check"].values()) == verdicts["killed"]
    json.dumps(plain)


def test_where_stimulus_is_missing_a_short_test_that_fails_is_shown(tmp_path: Path) -> None:
    """One beat alone has none before it, so what is added to it stays unseen."""
    design = load_design(tally(tmp_path / "tally"))
    outcome = tried(design, tmp_path, "in_v + before", "in_v", [ONE_BEAT], further=[ONE_BEAT * 6])
    assert (outcome.verdict, outcome.missing, outcome.further, outcome.test) == ("unnoticed", "stimulus", True, 0)
    assert outcome.failure
    assert (outcome.failure.check, outcome.failure.port) == ("value", "out")
    assert outcome.shortest is not None
    assert len(outcome.shortest.data["tracks"]["in"]) == 2
    assert "sum.before.1" in outcome.bins
    assert tried(design, tmp_path, "in_v + before", "in_v", [ONE_BEAT]).verdict == "unknown"


def test_a_difference_that_no_check_fails_on_names_cycle_port_and_aspect(tmp_path: Path) -> None:
    """A bubble between beats: the values stay right, so nothing fails."""
    design = load_design(tally(tmp_path / "tally"))
    old = "!full | out_ready"
    outcome = tried(design, tmp_path, old, "!full", [ONE_BEAT * 4])
    assert (outcome.verdict, outcome.missing) == ("unnoticed", "check")
    assert outcome.difference
    assert outcome.difference.signals[0] == "in_ready"
    assert outcome.difference.port == "in"
    assert "handshake" in outcome.difference.aspects
    assert "latency or throughput of `out`" in outcome.hint
    assert outcome.shortest is not None
    assert len(outcome.shortest.data["tracks"]["in"]) == 2  # one beat alone cannot come late


def tried(
    design: DesignFolder, room: Path, old: str, new: str, tests: Stimuli, oracle: Oracle = "checks",
    further: Stimuli = (),
) -> Outcome:  # fmt: skip
    """What becomes of one change of tally."""
    text = (design.design.folder / "tally.v").read_text()
    edit = Edit(start=text.index(old), end=text.index(old) + len(old), text=new)
    change = Candidate(kind="operator", module="tally", source="tally.v", line=1, change="", edits=(edit,))
    simulator = IcarusSimulator(hang_seconds=0.3)
    with simulator.open(design.design) as session:
        desk = CleanDesk(design, session)
        recorded, failing = desk.record([Given(test=Test(tracks={"in": tuple(one)})) for one in tests])
        more, _ = desk.record([Given(test=Test(tracks={"in": tuple(one)})) for one in further], further=True)
    assert failing == []
    trials = MutantTrials(design, "icarus", oracle, [*recorded, *more], room / "trials", find=lambda _: simulator)
    try:
        return trials.outcome(Mutant(id="m0000", change=change, diff="", form="00"))
    finally:
        trials.close()


@pytest.mark.parametrize(
    ("old", "new", "verdict", "by"),
    [
        ("in_v + before", "in_v - before", "killed", "value"),
        (
            "assign out_y = y;",
            "assign out_y = y; integer n = 0; always @(full) while (full) n = n + 1;",
            "killed",
            "hung",
        ),
        ("assign out_y = y;", "assign out_y = y; always @(posedge full) $finish;", "killed", "crashed"),
        ("out_valid = full", "out_valid = full &", "unknown", ""),
        ("assign out_y = y;", "assign out_y = y; wire spare = full & in_valid;", "equivalent", "compiled form"),
        ("in_v + before", "in_v + before + (in_v == 4'd9)", "unknown", ""),
    ],
)
def test_what_becomes_of_one_change(tmp_path: Path, old: str, new: str, verdict: str, by: str) -> None:
    if by == "compiled form":
        need("verilator")  # Icarus keeps a wire that nobody reads
    design = load_design(tally(tmp_path / "tally"))
    outcome = tried(design, tmp_path, old, new, [ONE_BEAT * 2])
    assert (outcome.verdict, outcome.by) == (verdict, by)


@pytest.mark.parametrize(
    ("old", "new", "aspects"),
    [
        ("in_v + before", "in_v", {"payload"}),
        ("!full | out_ready", "!full", {"handshake", "latency"}),
        ("out_y = y", "out_y = full ? y : 5'd1", {"idle payload"}),
        ("out_valid = full", "out_valid = full & (y != 5'd4)", {"count", "payload"}),
    ],
)
def test_in_what_two_runs_differ(tmp_path: Path, old: str, new: str, aspects: set[str]) -> None:
    clean, other = load_design(tally(tmp_path / "clean")), tally(tmp_path / "other")
    edited(other, "tally.v", old, new)
    test = Test(tracks={"in": tuple({"number": {"v": value}} for value in (1, 3, 2))})
    program = expand(clean.design, clean.schema, test)
    simulator = IcarusSimulator()
    with simulator.open(clean.design) as one, simulator.open(load_design(other).design) as two:
        left, right = one.run(program), two.run(program)
        found = first_difference(clean.design, left, right)
        assert first_difference(clean.design, left, one.run(program)) is None
    assert found is not None
    assert aspects <= set(found.aspects), found
    assert found.message


def test_without_a_model_a_difference_from_the_clean_rtl_kills_and_this_is_said(tmp_path: Path) -> None:
    home = tally(tmp_path / "tally")
    (home / "model.py").unlink()
    design = load_design(home)
    settings = made(tmp_path, design, count=1, further_cycles=0).settings
    assert (settings.has_model, settings.oracle) == (False, "comparison")
    change = ("in_v + before", "in_v - before")
    by_comparison = tried(design, tmp_path, *change, [ONE_BEAT * 2], "comparison")
    assert (by_comparison.verdict, by_comparison.by) == ("killed", "differs")
    assert by_comparison.failure
    assert by_comparison.failure.port == "out"
    by_checks = tried(design, tmp_path, *change, [ONE_BEAT * 2], "checks")
    assert (by_checks.verdict, by_checks.missing) == ("unnoticed", "check")


def test_an_interrupted_campaign_goes_on_and_comes_to_the_same(finished: Campaign, tmp_path: Path) -> None:
    wish = Wish("icarus", ("witnesses",), COUNT, further_cycles=FURTHER)
    home = tmp_path / "folder"
    with pytest.raises(KeyboardInterrupt):
        start(finished.design, wish, tmp_path, 2, Heard(most=3), into=home)
    with (home / OUTCOMES).open("ab") as file:
        file.write(b'{"mutant": "m00')  # the kill came in mid-write
    assert read_result(home).left == COUNT - 3
    heard = Heard()
    result = resume(None, lambda name: finished.design, home, 1, heard)
    assert (heard.there, len(heard.outcomes)) == (3, COUNT - 3)
    assert timeless(result.outcomes) == timeless(finished.result.outcomes)
    assert result.selection == finished.result.selection
    assert resume(None, lambda name: finished.design, home, 1, Heard()).outcomes == result.outcomes


def test_a_folder_of_another_design_or_of_changed_rtl_is_refused(finished: Campaign, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(finished.result.folder, home)
    other = tally(tmp_path / "other")
    edited(other, "design.yaml", "name: tally", "name: other")
    with pytest.raises(UsageError, match="holds mutants of tally, not of other"):
        resume(load_design(other), lambda name: finished.design, home, 1, Heard())
    changed = tally(tmp_path / "changed")
    edited(changed, "tally.v", "in_v + before", "before + in_v")
    with pytest.raises(UsageError, match="rtl of tally changed since"):
        resume(load_design(changed), lambda name: finished.design, home, 1, Heard())


def test_a_full_disk_is_one_error_and_what_was_known_stays(finished: Campaign, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(finished.result.folder, home)
    lines = (home / OUTCOMES).read_bytes().splitlines(keepends=True)
    (home / OUTCOMES).write_bytes(b"".join(lines[:-1]))
    file = OutcomeLines(home)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (sum(map(len, lines[:-1])) + 10, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*mutants\.jsonl.*--resume"):
            file.add(finished.result.outcomes[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        file.close()
    assert len(read_result(home).outcomes) == COUNT - 1
    result: MutationResult = resume(None, lambda name: finished.design, home, 2, Heard())
    assert timeless(result.outcomes) == timeless(finished.result.outcomes)


def test_mutants_that_take_too_long_are_unknown_and_the_campaign_goes_on(tmp_path: Path) -> None:
    wish = Wish("icarus", ("witnesses",), 3, further_cycles=0)
    result = start(load_design(tally(tmp_path / "tally")), wish, tmp_path, 1, Heard(), seconds=0.05)
    tried = [outcome for outcome in result.outcomes if outcome.verdict == "unknown"]
    assert len({outcome.mutant for outcome in result.outcomes}) == len(result.outcomes) == len(result.selection.to_run)
    assert tried
    assert all("no result within 0.05 s" in outcome.reason for outcome in tried)
    assert result.left == 0
