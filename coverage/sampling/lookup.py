"""Lookup of bin numbers by value, vectorised over columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.coverage.values import ValueSet
from dv_agent.designs.trace import IntColumn

MAX_SPAN = 1 << 14


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup of which of several disjoint value sets holds a value.

    Values that span at most `MAX_SPAN` are looked up in a table, others by binary search.

    Attributes:
        low: the value of entry 0 of `table`.
        table: int64[span + 2], set numbers, with "none" at both ends; empty when the search is used.
        starts, ends, labels: int64[ranges], ascending ranges and the set of each.
        none: the number of values in no set.
    """

    low: int
    table: IntColumn
    starts: IntColumn
    ends: IntColumn
    labels: IntColumn
    none: int

    def find(self, values: IntColumn) -> IntColumn:
        """Return int64[n] set numbers of int64[n] values."""
        if len(self.table):
            # Overflow of the difference is harmless: the index is then one of the two ends, which both mean "none".
            return self.table.take(values - self.low, mode="clip")
        place = np.searchsorted(self.starts, values, side="right") - 1
        inside = (place >= 0) & (values <= self.ends[place])
        return np.where(inside, self.labels[place], self.none)


def build_lookup(sets: Sequence[ValueSet]) -> Lookup:
    """Return a lookup over non-empty disjoint sets; "none" is ``len(sets)``."""
    none = len(sets)
    ranges = sorted((low, high, label) for label, one in enumerate(sets) for low, high in one.ranges)
    starts, ends, labels = (np.array(column, dtype=np.int64) for column in zip(*ranges, strict=True))
    low, span = ranges[0][0], ranges[-1][1] - ranges[0][0] + 1
    table = np.empty(0, dtype=np.int64)
    if span <= MAX_SPAN:
        table = np.full(span + 2, none, dtype=np.int64)
        for start, end, label in ranges:
            table[start - low + 1 : end - low + 2] = label
    return Lookup(low - 1, table, starts, ends, labels, none)


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges of several sets, concatenated.

    Attributes:
        low, high: int64[ranges].
        first: int64[sets], index of the first range of each set.
    """

    low: IntColumn
    high: IntColumn
    first: IntColumn

    def members(self, values: IntColumn) -> NDArray[np.bool_]:
        """Return bool[sets, n]: which sets hold which values; the sets may overlap."""
        inside = (values >= self.low[:, None]) & (values <= self.high[:, None])
        return np.logical_or.reduceat(inside, self.first, axis=0)


def build_ranges(sets: Sequence[ValueSet]) -> Ranges:
    """Return the ranges of non-empty sets."""
    pairs = np.array([pair for one in sets for pair in one.ranges], dtype=np.int64).reshape(-1, 2)
    counts = [len(one.ranges) for one in sets]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return Ranges(pairs[:, 0].copy(), pairs[:, 1].copy(), first)
