"""What one test contributed to coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.trace import IntColumn

UNSEEN = 1 << 62
"""A distance that nobody measured."""


@dataclass(frozen=True, slots=True)
class IllegalHit:
    """An illegal bin that a test hit (IEEE 1800-2017 §19.5.6): a failing check.

    Attributes:
        bin: id of the illegal bin.
        row, cycle: the first row that hit it, and its cycle (-1 where the table has no column ``cycle``).
        count: how many rows hit it.
    """

    bin: str
    why: str
    row: int
    cycle: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What the sampler saw in one test. Arrays follow ``plan.bins``; rows number the unfiltered table.

    Distance, by kind of bin, is 0 exactly when the bin was hit:

    * value: the least ``|value - nearest member|`` over the sampled rows, at most `distance.FARTHEST`;
    * cross: the number of members less the most members met on one row; `residual` then is the least sum,
      over rows that met so many, of the value distances of the members not met;
      With no row sampled all members are missing and the residual is `UNSEEN`;
    * transition: its length less that of the longest prefix matched at any row.

    (distance, residual) pairs compare in that order. `closeness` folds a pair into one number.

    Attributes:
        hits: int64[bins].
        first_row: int64[bins], -1 where not hit; the last row of a transition.
        first_cycle: int64[bins], the ``cycle`` of that row, -1 where there is none.
        observable: bool[bins], false where the test has no table for the bin.
        distance: int64[bins], `UNSEEN` where not asked for, not observable, or no row was sampled.
        residual: int64[bins], 0 but for crosses.
        nearest_row: int64[bins], the first row that gave distance and residual, else -1.
        hidden_hits: int64[hidden counters], see `Plan.hidden`.
        illegal_hits: int64[illegal bins].
        illegal: the illegal bins that were hit.
    """

    hits: IntColumn
    first_row: IntColumn
    first_cycle: IntColumn
    observable: NDArray[np.bool_]
    distance: IntColumn
    residual: IntColumn
    nearest_row: IntColumn
    hidden_hits: IntColumn
    illegal_hits: IntColumn
    illegal: tuple[IllegalHit, ...]


def closeness(distance: int, residual: int) -> float:
    """One number for a (distance, residual) pair: it falls when the pair falls, and is 0 only for a hit."""
    return distance + residual / (residual + 1)
