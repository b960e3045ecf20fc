"""The coverage contribution of one test: hits, distances to open bins, and illegal hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.trace import IntColumn

UNSEEN = 1 << 62
"""The value for a distance that was not measured."""
NO_VALUE = -(1 << 63)
"""The value in `Sample.nearest_values` where there is none."""


@dataclass(frozen=True, slots=True)
class IllegalHit:
    """An illegal bin that a test hit (IEEE 1800-2017 §19.5.6): a failing check.

    Attributes:
        bin: id of the illegal bin.
        row, cycle: the first row that hit it, and its cycle (-1 where the table has no column ``cycle``).
        count: number of rows that hit it.
    """

    bin: str
    why: str
    row: int
    cycle: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The result of sampling one test. Arrays are in the order of ``plan.bins``; rows count in the unfiltered table.

    The distance depends on the kind of bin, and is 0 exactly if the bin was hit:

    * value: the minimum of ``|value - nearest member|`` over the sampled rows, at most `distance.FARTHEST`;
    * cross: the number of members minus the maximum number of members hit on one row; `residual` is then the minimum,
      over the rows that hit so many, of the sum of the value distances of the members not hit.
      If no row was sampled, all members are missing and the residual is `UNSEEN`;
    * transition: its length minus the length of the longest prefix matched at any row.

    (distance, residual) pairs are compared as tuples. `closeness` maps a pair to one number.

    Attributes:
        hits: int64[bins].
        first_row: int64[bins], the first row that hit the bin (for a transition, its last row), -1 if not hit.
        first_cycle: int64[bins], the ``cycle`` of that row, -1 if there is none.
        observable: bool[bins], false if the test has no table for the bin.
        distance: int64[bins], `UNSEEN` if not requested, not observable, or no row was sampled.
        residual: int64[bins], 0 except for crosses.
        nearest_row: int64[bins], the first row with this distance and residual, else -1.
        nearest_cycle: int64[bins], the ``cycle`` of that row, -1 if there is none.
        nearest_values: int64[bins, most members], the values on that row: of each member of a cross, in its order; for
            a value bin its own; for a transition the value that came where the next step was wanted. `NO_VALUE` where
            there is none.
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
    nearest_cycle: IntColumn
    nearest_values: IntColumn
    hidden_hits: IntColumn
    illegal_hits: IntColumn
    illegal: tuple[IllegalHit, ...]


def closeness(distance: int, residual: int) -> float:
    """Return one number for a (distance, residual) pair: it decreases with the pair, and is 0 only for a hit."""
    return distance + residual / (residual + 1)
