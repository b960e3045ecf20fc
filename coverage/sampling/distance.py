"""Distances of sampled rows to bins that they did not hit, for all value and cross bins of a table together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dv_agent.coverage.contribution import NO_VALUE, UNSEEN
from dv_agent.coverage.sampling.event_rows import EventRows
from dv_agent.coverage.sampling.lookup import Ranges
from dv_agent.coverage.sampling.tally import Tally
from dv_agent.coverage.values import LIMIT, ValueSet
from dv_agent.designs.trace import BoolColumn, IntColumn

FARTHEST = 1 << 48
"""The maximum of a value distance; larger ones are limited to it, so that sums over a cross cannot overflow."""
_MISSING = 1 << 52
_NOWHERE = np.iinfo(np.int64).max
_BLOCK = 1 << 19


@dataclass(frozen=True, slots=True)
class Target:
    """A bin whose distance is wanted.

    Attributes:
        index: its place in the plan.
        group: number of its covergroup in the table, whose filter decides which rows count.
        members: (number of the point, its value set): one pair for a value bin, several for a cross bin.
    """

    index: int
    group: int
    members: tuple[tuple[int, ValueSet], ...]


class Distances:
    """Measures the distances of several targets on one table.

    A value bin is as far as the nearest value. A cross bin is measured by one sum, which orders first by the number of
    members missing and then by the residual: a missing member weighs more than all value distances together.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self._values = [one for one in targets if len(one.members) == 1]
        self._crosses = [one for one in targets if len(one.members) > 1]
        sets = list(dict.fromkeys(member for one in targets for member in one.members))
        place = {member: number for number, member in enumerate(sets)}
        ranges = [(point, low, high) for point, values in sets for low, high in values.ranges]
        columns = np.array(ranges, dtype=np.int64).reshape(-1, 3)
        counts = [len(values.ranges) for _, values in sets]
        self._points = columns[:, 0]
        first = np.cumsum([0, *counts[:-1]], dtype=np.int64)
        self._ranges = Ranges(columns[:, 1:2].copy(), columns[:, 2:].copy(), first)
        self._single = len(sets) == len(ranges)
        self._value_sets = np.array([place[one.members[0]] for one in self._values], dtype=np.int64)
        most = max((len(one.members) for one in self._crosses), default=0)
        # The set after the last one has the distance 0 from every row: crosses of few members are filled up with it.
        padded = [
            [*map(place.__getitem__, one.members)] + [len(sets)] * (most - len(one.members)) for one in self._crosses
        ]
        self._cross_sets = np.array(padded, dtype=np.int64).reshape(len(self._crosses), most).T
        ordered = [*self._values, *self._crosses]
        self._groups = np.array([one.group for one in ordered], dtype=np.int64)
        self._bins = np.array([one.index for one in ordered], dtype=np.int64)
        self._sizes = np.array([len(one.members) for one in self._crosses], dtype=np.int64)
        points = [[point for point, _ in one.members] for one in ordered]
        width = max(map(len, points))
        # The number -1 fills up bins of few members.
        self._members = np.array([one + [-1] * (width - len(one)) for one in points], dtype=np.int64)

    def measure(self, values: IntColumn, masks: BoolColumn | None, rows: EventRows, tally: Tally) -> None:
        """Add the distances of every test to `tally`.

        Args:
            values: int64[points, rows].
            masks: bool[groups, rows], whether a row passes the filter; None if there is no filter.
        """
        tests, targets = len(rows.tests), len(self._bins)
        best = np.full((tests, targets), _NOWHERE, dtype=np.int64)
        row = np.full((tests, targets), -1, dtype=np.int64)
        seen = np.full((tests, targets, self._members.shape[1]), NO_VALUE, dtype=np.int64)
        every = np.arange(targets)
        for start, stop in self._chunks(len(rows)):
            cost = self._cost(values[:, start:stop])
            if masks is not None:
                cost[~masks[self._groups, start:stop]] = _NOWHERE
            for test, low, high in _parts(rows.starts, start, stop):
                part = cost[:, low - start : high - start]
                place = part.argmin(axis=1)
                least = part[every, place]
                better = np.flatnonzero(least < best[test])
                best[test, better] = least[better]
                at = low + place[better]
                row[test, better] = rows.row[at]
                points = self._members[better]
                seen[test, better] = np.where(points >= 0, values[points, at[:, None]], NO_VALUE)
        self._enter(best, row, seen, rows, tally)

    def _enter(self, best: IntColumn, row: IntColumn, seen: IntColumn, rows: EventRows, tally: Tally) -> None:
        count = len(self._values)
        near, far = best[:, :count], best[:, count:]
        if count:
            near = np.where(near < _NOWHERE, near, UNSEEN)
            tally.near(rows.tests, self._bins[:count], near, 0, row[:, :count], seen[:, :count])
        if len(self._crosses):
            reached = far < _NOWHERE
            missing = np.where(reached, far // _MISSING, self._sizes)
            residual = np.where(reached, far % _MISSING, UNSEEN)
            tally.near(rows.tests, self._bins[count:], missing, residual, row[:, count:], seen[:, count:])

    def _cost(self, values: IntColumn) -> IntColumn:
        """Return int64[targets, rows]."""
        # One more than any member of a bin: keeps differences inside int64 and never turns a miss into a hit.
        inner = np.minimum(np.maximum(values, -LIMIT - 1), LIMIT + 1)[self._points]  # `np.clip` checks the bounds
        outside = np.maximum(self._ranges.low - inner, inner - self._ranges.high)
        if not self._single:
            outside = np.minimum.reduceat(outside, self._ranges.first, axis=0)
        np.minimum(np.maximum(outside, 0, out=outside), FARTHEST, out=outside)
        if not len(self._crosses):
            return np.asarray(outside[self._value_sets])
        weighed = np.zeros((len(outside) + 1, outside.shape[1]), dtype=np.int64)
        weighed[:-1] = outside + (outside > 0) * _MISSING
        cost = weighed[self._cross_sets[0]]
        for members in self._cross_sets[1:]:
            cost += weighed[members]
        return np.concatenate([outside[self._value_sets], cost]) if len(self._values) else cost

    def _chunks(self, rows: int) -> Iterator[tuple[int, int]]:
        step = max(1, _BLOCK // (len(self._bins) + len(self._points)))
        for start in range(0, rows, step):
            yield start, min(start + step, rows)


def _parts(starts: IntColumn, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield (test, first row, end) of the part of each test between two rows; tests without rows are left out."""
    bounds = np.clip(starts, start, stop).tolist()
    for test, (low, high) in enumerate(pairwise(bounds)):
        if high > low:
            yield test, low, high
