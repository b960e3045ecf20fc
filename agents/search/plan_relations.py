"""Relations between bins of a plan that depend on the same value, derived from the plan's structure alone."""

from __future__ import annotations

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Covergroup
from dv_agent.coverage.values import ValueSet

Fact = tuple[str, str, ValueSet]
"""A table, an expression over its columns, and the values that a bin requires of it."""


class Relations:
    """Finds bins whose hits show how to meet one member of another bin."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._facts = plan, _facts(plan)
        self._known: dict[Fact, list[int]] = {}

    def members(self, index: int) -> list[Fact]:
        """Return what a bin requires: one fact for each member of a cross or position of a transition."""
        return self._facts[index]

    def meeting(self, fact: Fact) -> list[int]:
        """Return bins that are hit only where `fact` holds (for transitions: at their last position)."""
        if fact not in self._known:
            self._known[fact] = [
                index for index in range(len(self._facts)) if any(_implies(one, fact) for one in self._shown(index))
            ]
        return self._known[fact]

    def _shown(self, index: int) -> list[Fact]:
        facts = self._facts[index]
        return facts[-1:] if self._plan.bins[index].kind == "transition" else facts


def _facts(plan: Plan) -> list[list[Fact]]:
    groups = {group.name: group for group in plan.covergroups}
    return [_bin_facts(groups[one.covergroup], one.item, one.members, one.values) for one in plan.bins]


def _bin_facts(group: Covergroup, item: str, members: tuple[str, ...], values: tuple[ValueSet, ...]) -> list[Fact]:
    points = {point.name: point for point in group.coverpoints}
    if item in points:
        return [(group.on, points[item].of.text, one) for one in values]
    cross = next(cross for cross in group.crosses if cross.name == item)
    facts = []
    for name, member in zip(cross.of, members, strict=True):
        found = next(one for one in points[name].bins if one.name == member)
        facts.append((group.on, points[name].of.text, found.values[0]))
    return facts


def _implies(one: Fact, other: Fact) -> bool:
    return one[:2] == other[:2] and not one[2].minus(other[2]).ranges
