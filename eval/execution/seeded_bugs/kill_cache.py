"""Cache of kill sheets by test list; useful because the agents oracle and null have no seed and repeat their tests."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dv_agent.designs.files.places import cache_folder
from dv_agent.eval.evaluation.data_model import KillSheet
from dv_agent.eval.evaluation.trial_folder import read_sheet, write_atomically
from dv_agent.runners.simulator import Simulator

_FORMAT = "3"  # increase it when a change of the bug hunt changes its results


class KillCache:
    """Kill sheets stored next to the simulator builds, under a key of everything that affects the result.

    Args:
        checksum: checksum of the design, including its bugs.
        max_cycles: see `dv_agent.eval.execution.seeded_bugs.bug_hunt.Hunter.hunt`.
    """

    def __init__(self, checksum: str, simulator: Simulator, max_cycles: int | None) -> None:
        self._key = (_FORMAT, checksum, simulator.name, simulator.version(), str(max_cycles))

    def get(self, tests: str) -> KillSheet | None:
        """Return the sheet of a list of tests, by its digest; None if these tests were not hunted before."""
        sheet = read_sheet(self._path(tests))
        return sheet if sheet and sheet.tests == tests else None

    def put(self, sheet: KillSheet) -> None:
        """Store a sheet.

        Raises:
            OutputError: the cache cannot be written.
        """
        write_atomically(self._path(sheet.tests), sheet)

    def _path(self, tests: str) -> Path:
        name = hashlib.sha256("\0".join((*self._key, tests)).encode()).hexdigest()
        return cache_folder() / "kills" / f"{name}.json"
