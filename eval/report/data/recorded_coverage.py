"""Coverage of a recorded run, read from its coverage file or else rebuilt from its turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dv_agent.coverage.database import Coverage, empty_coverage
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.storage import load_coverage
from dv_agent.eval.report.data.run_data import RunData, TurnData

NO_PLAN = (
    "The plan of this design is not at hand: bins are counted, not explained. If the design stands in a folder of its "
    "own, `dv-agent report RUN --design FOLDER` reads it there."
)


@dataclass(frozen=True, slots=True)
class RecordedCoverage:
    """The coverage of a run, and notes about it.

    Attributes:
        coverage: None if the plan of the run is not available.
        measured: True if hits and distances are known; False if only the covered bins are known.
    """

    coverage: Coverage | None
    measured: bool
    note: str = ""


def coverage_of(run: RunData, plan: Plan | None) -> RecordedCoverage:
    """Return the coverage of `run`.

    Raises:
        InputFileError: ``coverage.json`` exists and matches the plan of the run, but cannot be read.
    """
    if plan is None:
        return RecordedCoverage(None, False, NO_PLAN)
    if not _is_plan_of(run, plan):
        return RecordedCoverage(None, False, "The plan has changed since this run: bins are counted, not explained.")
    path = run.folder / "coverage.json"
    if path.is_file():
        return RecordedCoverage(load_coverage(plan, path), True)
    note = "There is no coverage.json: covered bins are those that the turns name; hits and distances are not known."
    return RecordedCoverage(coverage_by_turns(run.turns, plan), False, note)


def _is_plan_of(run: RunData, plan: Plan) -> bool:
    known = all(plan.slots.get(name, len(plan.bins)) < len(plan.bins) for test in run.tests for name in test.new_bins)
    return known and run.plan_hash in ("", plan.hash)


def coverage_by_turns(turns: Sequence[TurnData], plan: Plan) -> Coverage:
    """Return the coverage rebuilt from the new bins that the tests of `turns` name; hits and distances are not known.

    Names that are not in the plan are skipped.
    """
    blank = empty_coverage(plan)
    tests = [test for turn in turns for test in turn.tests]
    covered = np.zeros(len(plan.bins), dtype=np.bool_)
    slots = [plan.slots.get(name, len(plan.bins)) for test in tests for name in test.new_bins]
    covered[[slot for slot in slots if slot < len(plan.bins)]] = True
    hits = np.where(covered, plan.at_least, 0)
    return replace(blank, tests=len(tests), hits=hits, observable=np.ones(len(plan.bins), dtype=np.bool_))
