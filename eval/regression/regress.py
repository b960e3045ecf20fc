"""A change of the RTL against its base: recorded tests in the order in which they reach it, on both versions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dv_agent.agents.comparison.compare_designs import Comparer, Comparison
from dv_agent.agents.failures.attempts import Limits
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.runs.goal import recorded_plan
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.language.stimulus import StimulusError
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.regression.base_rtl import BaseRtl
from dv_agent.eval.regression.nearness import distances, signals_near
from dv_agent.eval.regression.play_order import ordered
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.simulator import Simulator

SHRINK = Limits(seconds=30.0)


@dataclass(frozen=True, slots=True)
class Regressed:
    """The result.

    Attributes:
        tests: the tests that were played, in that order; `of` is how many were recorded.
        reached: how many of the recorded tests reach the change; None if the run did not count code coverage.
        failed: test -> its failed checks on the RTL of today.
        refused: test -> why it cannot be played any more, with the schema of today.
        lost: bins that the played tests hit when they were recorded, and that none of them hits now.
        compared: the comparison with the base; None if nothing of the RTL has changed, or no test could be played.
        notes: what a reader must know of the record.
    """

    base: BaseRtl
    tests: tuple[TestRecord, ...]
    of: int
    reached: int | None
    failed: dict[int, tuple[CheckFailure, ...]]
    lost: tuple[str, ...]
    compared: Comparison | None
    refused: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def different(self) -> tuple[int, ...]:
        """Numbers of the tests in which the design does not do what the base did."""
        done = self.compared.tests if self.compared else ()
        digests = {one.test.digest for one in done if one.differences}
        return tuple(one.index for one in self.tests if one.test.digest in digests)

    @property
    def clean(self) -> bool:
        """Whether no check failed, nothing differs, no coverage was lost, and all tests could be played."""
        return not (self.failed or self.different or self.lost or self.refused)

    @property
    def nothing_checked(self) -> str:
        """Why nothing was checked, though something of the RTL has changed; empty if a test was played on it."""
        return "no recorded test can be played any more" if self.refused and not self.tests else ""

    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        smallest = self.compared.smallest if self.compared else None
        return {
            "base": self.base.commit,
            "nothing_checked": self.nothing_checked,
            "changed": {name: sorted(lines) for name, lines in self.base.now.items()},
            "recorded_tests": self.of, "reaching_tests": self.reached,
            "played": [one.index for one in self.tests],
            "failed": {number: [str(one) for one in failures] for number, failures in self.failed.items()},
            "refused": dict(self.refused),
            "different": list(self.different), "lost_bins": list(self.lost), "notes": list(self.notes),
            "first_difference": [str(one) for one in self.compared.shown] if self.compared else [],
            "smallest_test": smallest.test.data() if smallest else None,
            "excerpt": {word: list(lines) for word, lines in self.compared.excerpt.items()} if self.compared else {},
            "waves": list(self.compared.waves) if self.compared else [],
        }  # fmt: skip


def regress(
    run: RecordedRun, folder: DesignFolder, base: BaseRtl, simulator: Simulator, share: float, least: int,
    waves: Path | None, tell: Callable[[str], None],
) -> Regressed:  # fmt: skip
    """Play the tests of a run on the design of today and on its base.

    Args:
        share: how many of the recorded tests are played at most, 0 to 1; those that say most about the change first.
        least: so many are played in any case, if there are so many.
        waves: folder for waveforms of the smallest test that differs.

    Raises:
        UsageError: no test was recorded, or the plan has changed.
        BuildError, SimulationError: one of the two does not build, or the simulator failed.
    """
    if "plan" in changed_since(run.header.hashes, folder):
        raise UsageError(f"{run.folder} was made with another plan of {folder.design.name}: make a new run on the base")
    tests = [one for turn in run.turns for one in turn.tests if not one.error]
    if not tests:
        raise UsageError(f"{run.folder} has no test that could be played")
    plan = recorded_plan(run.folder, run.header, folder)
    near = distances(plan, base.changed, signals_near(base.folder.design, folder.design) if plan.code else None)
    reaching = {one for one, steps in near.items() if steps == 0}
    reached = sum(not reaching.isdisjoint(one.hits) for one in tests) if plan.code else None
    most = max(least, math.ceil(share * len(tests)))
    functional = [not one.id.startswith("code.") for one in plan.bins]
    chosen = ordered(tests, functional, near, most) if base.changed else ()
    failed, hit, refused = _played(folder, simulator, chosen, tell)
    chosen = tuple(one for one in chosen if one.index not in refused)
    names = [one.id for one in plan.bins]
    before = {names[bin_] for one in chosen for bin_ in one.hits if not names[bin_].startswith("code.")}
    compared = _compared(folder, base, simulator, chosen, waves, tell) if chosen else None
    lost, notes = tuple(sorted(before - hit)), _notes(run, base) if base.changed else ()
    return Regressed(base, chosen, len(tests), reached, failed, lost, compared, refused, notes)


def _notes(run: RecordedRun, base: BaseRtl) -> tuple[str, ...]:
    """Return what of the base was otherwise when the run was made, so that its record says less."""
    told = {
        "rtl": f"the run was made with other RTL than that of {base.commit[:12]}: what is told as lost may have been "
        "lost before, and which tests reach the change is not sure",
        "schema": "stimulus.yaml has changed since the run: tests that draw at random may be others now, and hit less",
    }
    return tuple(told[kind] for kind in changed_since(run.header.hashes, base.folder, tuple(told)))


def _played(
    folder: DesignFolder, simulator: Simulator, tests: Sequence[TestRecord], tell: Callable[[str], None]
) -> tuple[dict[int, tuple[CheckFailure, ...]], set[str], dict[int, str]]:
    """Return the failed checks of each test that has any, all bins that the tests hit, and why tests were refused."""
    failed: dict[int, tuple[CheckFailure, ...]] = {}
    hit: set[str] = set()
    refused: dict[int, str] = {}
    plan = plan_of(folder)
    if not tests:
        return failed, hit, refused
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        for place, record in enumerate(tests):
            tell(f"test {place + 1} of {len(tests)} on the RTL of today")
            try:
                result = bench.run(record.test, max_cycles=record.max_cycles)
            except StimulusError as error:
                refused[record.index] = str(error)
                continue
            hit |= {plan.bins[index].id for index in result.sample.hits.nonzero()[0].tolist()}
            if result.failures:
                failed[record.index] = result.failures
    return failed, hit, refused


def _compared(
    folder: DesignFolder, base: BaseRtl, simulator: Simulator, tests: Sequence[TestRecord], waves: Path | None,
    tell: Callable[[str], None],
) -> Comparison:  # fmt: skip
    comparer = Comparer(base.folder, folder, simulator, pins=False)
    return comparer.compare([one.test for one in tests], waves=waves, limits=SHRINK, say=tell)
