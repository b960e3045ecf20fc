"""The rows that one table has in several tests, one behind the other, with the number of the test beside each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Table
from dv_agent.designs.trace import IntColumn


@dataclass(frozen=True, slots=True)
class EventRows:
    """Rows of several tests.

    Attributes:
        table: the columns, concatenated.
        tests: int64[tests], the numbers of these tests in the turn, ascending.
        starts: int64[tests + 1], where each test begins.
        test: int64[rows], the test of each row, as an index into `tests`.
        row: int64[rows], the number of each row in its own test.
    """

    table: Table
    tests: IntColumn
    starts: IntColumn
    test: IntColumn
    row: IntColumn

    def __len__(self) -> int:
        return len(self.row)


def concatenated(tables: Sequence[tuple[int, Table]], names: Iterable[str]) -> EventRows:
    """Return the rows of `tables`, pairs of test number and table, all with the same columns.

    Args:
        names: the columns that are read; others are left out, but never all of them.
    """
    lengths = [len(table) for _, table in tables]
    starts = np.zeros(len(tables) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    first = tables[0][1].columns
    columns = {
        name: first[name] if len(tables) == 1 else np.concatenate([table.columns[name] for _, table in tables])
        for name in names
        if name in first
    }
    test = np.repeat(np.arange(len(tables)), lengths)
    row = np.arange(int(starts[-1])) - starts[test]
    return EventRows(Table(columns), np.array([number for number, _ in tables]), starts, test, row)
