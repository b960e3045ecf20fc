"""Sampling one covergroup on one table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dv_agent.coverage.contribution import UNSEEN
from dv_agent.coverage.plan import Plan, position_id
from dv_agent.coverage.sampling.columns import evaluate, expressions_of, find_column, read_columns
from dv_agent.coverage.sampling.distance import distance_rows, nearest_combination, nearest_values
from dv_agent.coverage.sampling.lookup import Lookup, Ranges, build_lookup, build_ranges
from dv_agent.coverage.sampling.sequences import SequenceMatcher
from dv_agent.coverage.sampling.tally import Tally
from dv_agent.coverage.structure import Covergroup, Coverpoint, Cross
from dv_agent.designs.language.expression import Expression
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import BoolColumn, IntColumn


@dataclass(frozen=True, slots=True)
class _ValuePoint:
    """A coverpoint of values, compiled.

    Attributes:
        lookup: value -> number; bins first, then illegal bins, then "none".
        slots: int64[numbers], the slot of each number.
        ranges: the ranges of the bins alone.
        start: index of the first bin, -1 if hidden.
        ordered: whether distances are measured, see `Coverpoint`.
    """

    name: str
    of: Expression
    lookup: Lookup
    slots: IntColumn
    ranges: Ranges
    start: int
    count: int
    ordered: bool


@dataclass(frozen=True, slots=True)
class _SequencePoint:
    """A coverpoint of transitions, compiled; bins first, then illegal ones.

    Attributes:
        slots: int64[sequences].
        position_slots: int64[positions of the bins].
    """

    of: Expression
    matcher: SequenceMatcher
    slots: IntColumn
    position_slots: IntColumn
    start: int
    lengths: IntColumn


@dataclass(frozen=True, slots=True)
class _CrossPoint:
    """A cross, compiled.

    Attributes:
        strides: factor of each member's number in the number of the combination.
        slots: int64[combinations], "none" and illegal numbers included.
        members: int64[parts, bins].
    """

    of: tuple[str, ...]
    strides: tuple[int, ...]
    slots: IntColumn
    members: IntColumn
    start: int


class GroupSampler:
    """Samples one covergroup. Compiled once for a plan; holds no state between tests."""

    def __init__(self, plan: Plan, group: Covergroup) -> None:
        self.on = group.on
        self._path, self._group = plan.path, group
        self._expressions = expressions_of(group)
        self._values = tuple(_compile_values(plan, p) for p in group.coverpoints if p.kind == "value")
        self._sequences = tuple(_compile_sequences(plan, p) for p in group.coverpoints if p.kind == "transition")
        points = {point.name: point for point in self._values}
        self._crosses = tuple(_compile_cross(plan, group, cross, points) for cross in group.crosses)
        self._bins = _span([i for i, one in enumerate(plan.bins) if one.covergroup == group.name])
        self._illegal = _span([plan.slots[one.id] for point in group.coverpoints for one in point.illegal])

    def can_read(self, table: Table) -> bool:
        """Return whether `table` has every column that this covergroup reads."""
        names = {name for expression, _ in self._expressions for name in expression.names()}
        return all(find_column(table, name) is not None for name in names)

    def sample(self, table: Table, tally: Tally) -> None:
        """Add the hits of the rows of `table` to `tally`; see `Sampler.sample` for the errors."""
        columns = read_columns(self._path, self._group, table, self._expressions)
        tally.open(self._bins, self._illegal, table.columns.get("cycle"))
        epoch = table.columns.get("epoch") if self._sequences else None
        rows = np.arange(len(table), dtype=np.int64)
        if self._group.when is not None:
            rows = np.flatnonzero(evaluate(self._group.when, columns, len(rows)))
            if len(rows) < len(table):
                columns = {name: column[rows] for name, column in columns.items()}
                epoch = None if epoch is None else epoch[rows]
        values = {point.name: evaluate(point.of, columns, len(rows)) for point in self._values}
        numbers = {point.name: point.lookup.find(values[point.name]) for point in self._values}
        for point in self._values:
            _sample_values(point, values[point.name], numbers[point.name], rows, tally)
        for cross in self._crosses:
            self._sample_cross(cross, values, numbers, rows, tally)
        together = None if epoch is None else epoch[1:] == epoch[:-1]
        for sequence in self._sequences:
            _sample_sequences(sequence, evaluate(sequence.of, columns, len(rows)), together, rows, tally)

    def _sample_cross(
        self, cross: _CrossPoint, values: dict[str, IntColumn], numbers: dict[str, IntColumn], rows: IntColumn,
        tally: Tally,
    ) -> None:  # fmt: skip
        combination = numbers[cross.of[-1]]
        for name, stride in zip(cross.of[:-1], cross.strides, strict=True):
            combination = combination + numbers[name] * stride
        tally.add(cross.slots.take(combination), rows)
        wanted = tally.wanted(cross.start, cross.start + cross.members.shape[1])
        if not len(wanted):
            return
        if not len(rows):
            parts = np.full(len(wanted), len(cross.of), dtype=np.int64)
            tally.near(wanted + cross.start, parts, UNSEEN, -1)
            return
        ranges = {point.name: point.ranges for point in self._values}
        distances = [distance_rows(values[name], ranges[name]) for name in cross.of]
        missing, residual, place = nearest_combination(distances, cross.members[:, wanted])
        tally.near(wanted + cross.start, missing, residual, rows[place])


def _sample_values(point: _ValuePoint, values: IntColumn, numbers: IntColumn, rows: IntColumn, tally: Tally) -> None:
    tally.add(point.slots.take(numbers), rows)
    if point.start < 0 or not point.ordered or not len(rows):
        return
    wanted = tally.wanted(point.start, point.start + point.count)
    if len(wanted):
        distance, place = nearest_values(values, point.ranges)
        tally.near(wanted + point.start, distance[wanted], 0, rows[place[wanted]])


def _sample_sequences(
    point: _SequencePoint, values: IntColumn, together: BoolColumn | None, rows: IntColumn, tally: Tally
) -> None:
    wanted = tally.wanted(point.start, point.start + len(point.lengths))
    if not len(rows):
        tally.near(wanted + point.start, point.lengths[wanted], 0, -1)
        return
    matches, positions = point.matcher.match(values, together)
    tally.put(point.slots, matches.hits, np.where(matches.first >= 0, rows[matches.first], -1))
    places = point.position_slots
    tally.put(places, positions[: len(places)], np.full(len(places), -1, dtype=np.int64))
    nearest = np.where(matches.row >= 0, rows[matches.row], -1)
    tally.near(wanted + point.start, matches.missing[wanted], 0, nearest[wanted])


def _compile_values(plan: Plan, point: Coverpoint) -> _ValuePoint:
    slots = np.append(_slots(plan, point), len(plan.slots))
    return _ValuePoint(
        point.name, point.of,
        build_lookup([one.values[0] for one in point.bins] + [one.values[0] for one in point.illegal]),
        slots,
        build_ranges([one.values[0] for one in point.bins]),
        -1 if point.hidden else int(slots[0]), len(point.bins), point.ordered,
    )  # fmt: skip


def _compile_sequences(plan: Plan, point: Coverpoint) -> _SequencePoint:
    positions = [position_id(one, index) for one in point.bins for index in range(len(one.values))]
    return _SequencePoint(
        point.of,
        SequenceMatcher([one.values for one in point.bins] + [one.values for one in point.illegal]),
        _slots(plan, point),
        np.array([plan.slots[name] for name in positions], dtype=np.int64),
        plan.slots[point.bins[0].id],
        np.array([len(one.values) for one in point.bins], dtype=np.int64),
    )  # fmt: skip


def _compile_cross(plan: Plan, group: Covergroup, cross: Cross, points: dict[str, _ValuePoint]) -> _CrossPoint:
    numbers = {
        point.name: {one.name: index for index, one in enumerate(point.bins)}
        for point in group.coverpoints
        if point.name in cross.of
    }
    pairs = [[numbers[name][member] for name, member in zip(cross.of, one.members, strict=True)] for one in cross.bins]
    members = np.array(pairs, dtype=np.int64).T
    shape = [len(points[name].slots) for name in cross.of]
    slots = np.full(math.prod(shape), len(plan.slots), dtype=np.int64)
    start = plan.slots[cross.bins[0].id]
    slots[np.ravel_multi_index(tuple(members), shape)] = start + np.arange(len(cross.bins))
    strides = tuple(math.prod(shape[place:]) for place in range(1, len(shape)))
    return _CrossPoint(cross.of, strides, slots, members, start)


def _slots(plan: Plan, point: Coverpoint) -> IntColumn:
    names = [one.id for one in point.bins] + [one.id for one in point.illegal]
    return np.array([plan.slots[name] for name in names], dtype=np.int64)


def _span(places: list[int]) -> slice:
    return slice(places[0], places[-1] + 1) if places else slice(0, 0)
