"""Kill sheets of test lists that were hunted before: the oracle has no seed, and neither has silence."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dv_agent.eval.evaluation.data_model import KillSheet
from dv_agent.eval.evaluation.trial_folder import read_sheet, write_atomically
from dv_agent.runners.build.cache import cache_folder
from dv_agent.runners.simulator import Simulator

_FORMAT = "2"  # raise when the way of hunting changes what it finds


class KillCache:
    """Sheets beside the builds of the simulators, found by everything that decides about them.

    Args:
        checksum: of the design, its bugs included.
        max_cycles: see `dv_agent.eval.execution.bug_hunt.Hunter.hunt`.
    """

    def __init__(self, checksum: str, simulator: Simulator, max_cycles: int | None) -> None:
        self._key = (_FORMAT, checksum, simulator.name, simulator.version(), str(max_cycles))

    def get(self, tests: str) -> KillSheet | None:
        """The sheet of a list of tests, by its digest; None if it was never hunted."""
        sheet = read_sheet(self._path(tests))
        return sheet if sheet and sheet.tests == tests else None

    def put(self, sheet: KillSheet) -> None:
        """Keep a sheet.

        Raises:
            OutputError: the cache cannot be written.
        """
        write_atomically(self._path(sheet.tests), sheet)

    def _path(self, tests: str) -> Path:
        name = hashlib.sha256("\0".join((*self._key, tests)).encode()).hexdigest()
        return cache_folder() / "kills" / f"{name}.json"
