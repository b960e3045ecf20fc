"""Bin numbers of many coverpoints by value, and slots of many crosses by these numbers, each in one matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.lookup import Lookup, build_lookup
from dv_agent.coverage.structure import Bin, Coverpoint, Cross, Excluded
from dv_agent.designs.trace import IntColumn


class NumberMatrix:
    """Looks up the values of several coverpoints; numbers are those of `Lookup`: bins, then illegal bins, then "none".

    Args:
        points: coverpoints of values, in the order of the rows of the matrices.
    """

    def __init__(self, plan: Plan, points: Sequence[Coverpoint]) -> None:
        lookups = [build_lookup([one.values[0] for one in _members(point)]) for point in points]
        self._searched: list[tuple[int, Lookup]] = [(n, one) for n, one in enumerate(lookups) if not len(one.table)]
        tables = [one.table if len(one.table) else np.full(1, one.none, dtype=np.int64) for one in lookups]
        self._table = np.concatenate(tables)
        lengths = [len(one) for one in tables]
        self._base = _column(np.cumsum([0, *lengths[:-1]]))
        self._low = _column([one.low for one in lookups])
        self._top = _column([length - 1 for length in lengths])
        slots = [[*(plan.slots[one.id] for one in _members(point)), len(plan.slots)] for point in points]
        self._slots = np.array([slot for one in slots for slot in one], dtype=np.int64)
        self._slot_base = _column(np.cumsum([0, *(len(one) for one in slots[:-1])]))

    def find(self, values: IntColumn) -> IntColumn:
        """Return int64[points, rows] numbers of int64[points, rows] values."""
        # Overflow of the difference is harmless: the index is then one of the two ends, which both mean "none".
        place = np.minimum(np.maximum(values - self._low, 0), self._top)
        place += self._base
        numbers = self._table.take(place)
        for row, lookup in self._searched:
            numbers[row] = lookup.find(values[row])
        return np.asarray(numbers)

    def slots(self, numbers: IntColumn) -> IntColumn:
        """Return int64[points, rows] slots."""
        return np.asarray(self._slots.take(numbers + self._slot_base))


class CrossMatrix:
    """Looks up the combinations of several crosses.

    Args:
        members: for every cross, the rows of its members in the matrix of numbers.
        points: (covergroup, coverpoint) of each of these rows.
    """

    def __init__(
        self, plan: Plan, crosses: Sequence[Cross], members: Sequence[Sequence[int]],
        points: Sequence[tuple[int, Coverpoint]],
    ) -> None:  # fmt: skip
        most = max(map(len, members))
        tables = []
        strides = np.zeros((most, len(crosses), 1), dtype=np.int64)
        rows = np.zeros((most, len(crosses)), dtype=np.int64)
        for number, (cross, places) in enumerate(zip(crosses, members, strict=True)):
            parts = [points[place][1] for place in places]
            shape = [len(point.bins) + len(point.illegal) + 1 for point in parts]
            tables.append(_slots(plan, cross, parts, shape))
            for place in range(len(parts)):
                strides[place, number, 0] = math.prod(shape[place + 1 :])
                rows[place, number] = places[place]
        self._table = np.concatenate(tables)
        self._base = _column(np.cumsum([0, *(len(one) for one in tables[:-1])]))
        self._strides, self._rows = strides, rows

    def slots(self, numbers: IntColumn) -> IntColumn:
        """Return int64[crosses, rows] slots of int64[points, rows] numbers."""
        place = numbers[self._rows[0]] * self._strides[0]
        place += self._base
        for rows, strides in zip(self._rows[1:], self._strides[1:], strict=True):
            place += numbers[rows] * strides
        return np.asarray(self._table.take(place))


def _slots(plan: Plan, cross: Cross, parts: Sequence[Coverpoint], shape: Sequence[int]) -> IntColumn:
    """Return the slot of every combination of numbers, "none" and illegal numbers included."""
    names = [{one.name: index for index, one in enumerate(point.bins)} for point in parts]
    pairs = [[known[member] for known, member in zip(names, one.members, strict=True)] for one in cross.bins]
    slots = np.full(math.prod(shape), len(plan.slots), dtype=np.int64)
    places = np.ravel_multi_index(tuple(np.array(pairs, dtype=np.int64).T), tuple(shape))
    slots[places] = [plan.slots[one.id] for one in cross.bins]
    return slots


def _members(point: Coverpoint) -> list[Bin | Excluded]:
    return [*point.bins, *point.illegal]


def _column(values: object) -> IntColumn:
    return np.array(values, dtype=np.int64)[:, None]
