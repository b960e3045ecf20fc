"""What is exported of a run: its header, its tests, its coverage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.records.reader import RecordedRun, read_whole_run
from dv_agent.agents.records.schema import COVERAGE
from dv_agent.agents.runs.goal import recorded_plan
from dv_agent.coverage.database import Coverage
from dv_agent.coverage.storage import load_coverage
from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class RecordedResults:
    """A run, its design as it is today, and its coverage."""

    run: RecordedRun
    folder: DesignFolder
    coverage: Coverage


def recorded_results(record: Path, folder: DesignFolder) -> RecordedResults:
    """Read a run and its coverage.

    Raises:
        InputFileError: not a run folder, or a broken file in it.
        UsageError: the plan of the design has changed since: its bins are others.
    """
    run = read_whole_run(record)
    if "plan" in changed_since(run.header.hashes, folder):
        raise UsageError(
            f"{record} was made with another plan of {run.header.design}: its bins are not those of today. "
            "`dv-agent rescore` counts its tests on the plan of today"
        )
    plan = recorded_plan(record, run.header, folder)
    return RecordedResults(run, folder, load_coverage(plan, record / COVERAGE))
