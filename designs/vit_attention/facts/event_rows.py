"""The rows of one event table, gathered by name."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.trace import IntColumn


class Rows:
    """The rows of one event table, gathered by name."""

    def __init__(self, *names: str) -> None:
        self._names = ("cycle", "epoch", *names)
        self._rows: list[tuple[int, ...]] = []

    def add(self, *values: int) -> None:
        """Add a row: cycle, epoch, and a value for each name."""
        self._rows.append(values)

    def columns(self) -> dict[str, IntColumn]:
        """Return the columns, in the order of the rows."""
        table = np.array(self._rows, np.int64).reshape(-1, len(self._names))
        return dict(zip(self._names, table.T, strict=True))
