"""Runs of equal values in a column that ascends, such as the reset epochs of transfers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dv_agent.designs.trace import IntColumn


class Runs(NamedTuple):
    """Distinct values, the first row of each, and how many rows have it; arrays are int64[values]."""

    values: IntColumn
    first: IntColumn
    counts: IntColumn


def runs_of(column: IntColumn) -> Runs:
    """Return the runs of int64[n], ascending: what `numpy.unique` returns, without sorting again."""
    if not len(column):
        none = np.empty(0, np.int64)
        return Runs(column, none, none)
    begins = np.ones(len(column), np.bool_)
    np.not_equal(column[1:], column[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    return Runs(column[first], first, np.diff(first, append=len(column)))
