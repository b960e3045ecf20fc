"""A slow sampler that walks over rows: the meaning that the vectorised one is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dv_agent.coverage.contribution import UNSEEN
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.distance import FARTHEST
from dv_agent.coverage.structure import Bin, Covergroup, Coverpoint, Cross
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.language.expression import Expression
from dv_agent.designs.observation import Table


@dataclass
class NaiveBin:
    """What was seen of one bin."""

    hits: int = 0
    first_row: int = -1
    first_cycle: int = -1
    distance: int = UNSEEN
    residual: int = 0
    nearest_row: int = -1

    def hit(self, row: int, cycle: int) -> None:
        if not self.hits:
            self.first_row, self.first_cycle = row, cycle
        self.hits += 1

    def near(self, distance: int, residual: int, row: int) -> None:
        if (distance, residual) < (self.distance, self.residual if self.distance < UNSEEN else UNSEEN):
            self.distance, self.residual, self.nearest_row = distance, residual, row


@dataclass
class NaiveSample:
    """Bins, hidden counters and illegal bins by id."""

    bins: dict[str, NaiveBin] = field(default_factory=dict)

    def of(self, name: str) -> NaiveBin:
        return self.bins.setdefault(name, NaiveBin())


def value_distance(values: ValueSet, value: int) -> int:
    """Distance of a value to the nearest member."""
    return min(max(low - value, value - high, 0) for low, high in values.ranges)


def naive_sample(plan: Plan, tables: Mapping[str, Table]) -> NaiveSample:
    """Sample row by row."""
    result = NaiveSample()
    for group in plan.covergroups:
        if group.on in tables:
            _sample_group(group, _rows(tables[group.on]), result)
    return result


def _sampled(point: Coverpoint) -> list[tuple[str, tuple[ValueSet, ...]]]:
    bins = [(one.id, one.values) for one in point.bins]
    return bins + [(one.id, one.values) for one in point.illegal]


def _rows(table: Table) -> list[dict[str, int]]:
    rows = []
    for index in range(len(table)):
        row = {"": index}
        for name, column in table.columns.items():
            if column.ndim == 1:
                row[name] = int(column[index])
            else:
                row.update({f"{name}{lane}": int(column[index, lane]) for lane in range(column.shape[1])})
        rows.append(row)
    return rows


def _sample_group(group: Covergroup, rows: list[dict[str, int]], result: NaiveSample) -> None:
    seen = [row for row in rows if group.when is None or group.when.evaluate(row)]
    points = {point.name: point for point in group.coverpoints}
    for point in group.coverpoints:
        values = [point.of.evaluate(row) for row in seen]
        if point.kind == "transition":
            for name, sets in _sampled(point):
                _sample_sequence(name, sets, seen, values, result)
            continue
        for row, value in zip(seen, values, strict=True):
            for name, sets in _sampled(point):
                result.of(name).near(value_distance(sets[0], value), 0, row[""])
                if value in sets[0]:
                    result.of(name).hit(row[""], row.get("cycle", -1))
        for one in point.bins if seen else ():
            result.of(one.id).distance = min(result.of(one.id).distance, FARTHEST)
    for cross in group.crosses:
        parts = [points[name] for name in cross.of]
        for one in cross.bins:
            members = [
                next(b for b in part.bins if b.name == name) for part, name in zip(parts, one.members, strict=True)
            ]
            _sample_cross_bin(one, cross, members, [part.of for part in parts], seen, result)


def _sample_cross_bin(
    one: Bin, cross: Cross, members: list[Bin], of: list[Expression], seen: list[dict[str, int]], result: NaiveSample
) -> None:
    entry = result.of(one.id)
    if not seen:
        entry.distance, entry.residual = len(cross.of), UNSEEN
    for row in seen:
        distances = [
            min(FARTHEST, value_distance(m.values[0], e.evaluate(row))) for m, e in zip(members, of, strict=True)
        ]
        entry.near(sum(d > 0 for d in distances), sum(distances), row[""])
        if not any(distances):
            entry.hit(row[""], row.get("cycle", -1))


def _sample_sequence(
    name: str, sequence: tuple[ValueSet, ...], seen: list[dict[str, int]], values: list[int], result: NaiveSample
) -> None:
    entry = result.of(name)
    entry.distance = len(sequence)
    for position, allowed in enumerate(sequence):
        result.of(f"{name}[{position}]").hits = sum(value in allowed for value in values)
    for end, row in enumerate(seen):
        for length in range(1, len(sequence) + 1):
            start = end - length + 1
            if start < 0 or len({r.get("epoch", 0) for r in seen[start : end + 1]}) > 1:
                continue
            if all(v in s for v, s in zip(values[start : end + 1], sequence, strict=False)):
                entry.near(len(sequence) - length, 0, row[""])
                if length == len(sequence):
                    entry.hit(row[""], row.get("cycle", -1))
