"""Which tests of a run an exported project holds, and why each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.cocotb_project.kept_kills import Kept, kills_of
from dv_agent.eval.cocotb_project.smallest_set import covering
from dv_agent.runners.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tests of a project.

    Attributes:
        tests: in the order of the run.
        kills: the seeded bugs that they kill.
        failing: numbers of tests that fail on the RTL of the run, without a seeded bug known for it.
        bins: number of bins that they hit, which is that of the run.
    """

    tests: tuple[TestRecord, ...]
    kills: tuple[Kept, ...]
    failing: tuple[int, ...]
    bins: int


def choose(
    folder: DesignFolder, simulator: Simulator, tests: Sequence[TestRecord], hunt: bool, tell: Callable[[str], None]
) -> Chosen:
    """Return the smallest set that keeps coverage and kills.

    Args:
        folder: the design without a seeded bug.
        tests: those of the run that were simulated to an end.
        hunt: whether the seeded bugs of the design are looked for.
    """
    failing = _one_for_each_failure(tests)
    first = covering(tests, failing)
    kills = kills_of(folder, simulator, tests, first, tell) if hunt else ()
    kept = covering(tests, {*failing, *(one.test for one in kills)})
    hits = {bin_ for test in tests for bin_ in test.hits}
    return Chosen(tuple(one for one in tests if one.index in kept), kills, failing, len(hits))


def _one_for_each_failure(tests: Sequence[TestRecord]) -> tuple[int, ...]:
    """Return the first test with each kind of failed check, by check, port and field."""
    first: dict[tuple[str, str, str], int] = {}
    for test in tests:
        for one in test.failures[:1]:
            first.setdefault((one.check, one.port, one.field), test.index)
    return tuple(sorted({*first.values()}))
