"""How many cycles apart the conditions of an open bin were met that never were in one cycle of a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.columns import find_columns
from dv_agent.coverage.structure import Bin
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.language.expression import Expression
from dv_agent.designs.language.expression_nodes import Node
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import BoolColumn, IntColumn

FARTHEST = 64
"""Most cycles apart that are told: what is farther apart was hardly one attempt."""
DENSE = 2
"""A table tells cycles apart if one of so many cycles at least has a row, and none has two: else rows are events."""


class Apart(NamedTuple):
    """Conditions of a bin in two cycles of one test.

    Attributes:
        unmet: names of those that were not met with the others: members of a cross, else columns.
        cycle: in which all others were met.
        other: the nearest cycle in which those were met.
    """

    unmet: tuple[str, ...]
    cycle: int
    other: int

    @property
    def cycles(self) -> int:
        """How many cycles they are apart."""
        return abs(self.other - self.cycle)


class Condition(NamedTuple):
    """What must hold on a row: the value of an expression is one of `values`, or not 0 if there are none."""

    name: str
    of: Node
    values: ValueSet | None


def cycles_apart(plan: Plan, bin_: Bin, tables: Mapping[str, Table]) -> Apart | None:
    """Return the two nearest cycles of a test that met a bin's conditions together, if they are near enough.

    In one of them as many conditions are met as on any row, in the other one all the rest.
    """
    table, conditions = tables.get(plan.covergroup_of(bin_).on), conditions_of(plan, bin_)
    if table is None or "cycle" not in table.columns or len(conditions) < 2:
        return None
    cycles = table.columns["cycle"]
    if not len(cycles) or len(cycles) * DENSE < cycles[-1] - cycles[0] + 1 or (np.diff(cycles) < 1).any():
        return None
    met = met_on(conditions, table)
    return None if met is None else _nearest(conditions, met, cycles)


def _nearest(conditions: list[Condition], met: BoolColumn, cycles: IntColumn) -> Apart | None:
    count = met.sum(axis=0)
    if not 0 < count.max() < len(conditions):
        return None
    best = np.flatnonzero(count == count.max())
    found: Apart | None = None
    patterns, which = np.unique(met[:, best], axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        here = cycles[best[which.ravel() == number]]
        there = cycles[met[~pattern].all(axis=0)]
        if not len(there):
            continue
        place = np.searchsorted(there, here)
        for side in (np.maximum(place - 1, 0), np.minimum(place, len(there) - 1)):
            gaps = np.abs(there[side] - here)
            at = int(gaps.argmin())
            if gaps[at] <= FARTHEST and (found is None or gaps[at] < found.cycles):
                unmet = [one.name for one, is_met in zip(conditions, pattern, strict=True) if not is_met]
                found = Apart(tuple(dict.fromkeys(unmet)), int(here[at]), int(there[side][at]))
    return found


def met_on(conditions: list[Condition], table: Table) -> BoolColumn | None:
    """Return bool[conditions, rows]; None if the table lacks a column."""
    columns = find_columns(table, {name for one in conditions for name in Expression("", one.of).names()})
    if columns is None:
        return None
    found = np.empty((len(conditions), len(table)), dtype=np.bool_)
    for place, one in enumerate(conditions):
        values = Expression("", one.of).evaluate_columns(columns)
        found[place] = values != 0 if one.values is None else _contains(one.values, values)
    return found


def _contains(wanted: ValueSet, values: IntColumn) -> BoolColumn:
    found = np.zeros(values.shape, dtype=np.bool_)
    for low, high in wanted.ranges:
        found |= (values >= low) & (values <= high)
    return found


def conditions_of(plan: Plan, bin_: Bin) -> list[Condition]:
    """Return conditions that hold together on a row exactly if it hits the bin; of a transition, its first step."""
    group = plan.covergroup_of(bin_)
    points = {point.name: point for point in group.coverpoints}
    found = list(_split(group.when.root, None)) if group.when else []
    if bin_.kind == "cross":
        of = next(cross.of for cross in group.crosses if cross.name == bin_.item)
        for name, member in zip(of, bin_.members, strict=True):
            values = next(one.values[0] for one in points[name].bins if one.name == member)
            found.append(Condition(name, points[name].of.root, values))
    else:
        found += _split(points[bin_.item].of.root, bin_.values[0])
    return list(dict.fromkeys(found))


def _split(node: Node, values: ValueSet | None) -> Iterator[Condition]:
    """Yield conditions that hold together exactly if the node has one of the values, or is not 0."""
    if values is None or 0 not in values:
        plain = values is None or 1 in values
        if node.value == "and" and node.kind == "binary" and plain:
            for arg in node.args:
                yield from _split(arg, None)
            return
        if node.value == "*" and node.kind == "binary":
            numbers = [arg for arg in node.args if not arg.is_truth]
            if values is None or len(numbers) < 2:
                for arg in node.args:
                    yield from _split(arg, None if arg.is_truth or values is None else values)
                return
    name = ", ".join(sorted(Expression("", node).names()))
    if name:
        yield Condition(name, node, None if node.is_truth and (values is None or 0 not in values) else values)
