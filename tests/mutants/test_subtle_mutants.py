"""Subtle mutants: those that random tests do not kill, and how many of them the tests of a run kill."""

import json
from pathlib import Path
from typing import Any

import pytest
from campaigns import Heard, made
from mutant_designs import tally

from dv_agent.designs.loader import load_design
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.campaign import Wish, start
from dv_agent.eval.mutants.clean_tests import read_given


def again(room: Path, earlier: Path, **more: Any) -> Any:
    folder = load_design(room / "tally")
    wish = Wish("icarus", "random:200", 1, seed=9, further_cycles=0, survivors_of=earlier, **more)
    return start(folder, wish, room / "runs", 1, Heard())


WEAK = {"tests": [{"tracks": {"in": [{"number": {"v": 1}}]}}]}


def test_the_mutants_that_weak_tests_left_are_tried_again(tmp_path: Path) -> None:
    (tmp_path / "weak.json").write_text(json.dumps(WEAK))
    first = made(tmp_path, tests=str(tmp_path / "weak.json"), count=10, further_cycles=0)
    home = Path(first.folder)
    left = {outcome.mutant for _, outcome in first.pairs() if outcome.verdict in ("unnoticed", "unknown")}
    assert left
    assert len(left) < 10
    found = again(tmp_path, home)
    assert {one.id for one in found.selection.mutants} == left
    assert found.settings.survivors_of == first.settings.tests_digest
    assert (found.settings.seed, found.settings.count) == (0, len(left))
    assert any(outcome.verdict == "killed" for _, outcome in found.pairs())
    header = json.loads((home / "mutate.json").read_text())
    header["hashes"]["rtl"] = "0" * 64
    (home / "mutate.json").write_text(json.dumps(header))
    with pytest.raises(UsageError, match="rtl of tally changed since"):
        again(tmp_path, home)


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
