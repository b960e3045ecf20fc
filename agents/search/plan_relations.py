"""Relations between bins of a plan that depend on the same value, derived from the plan's structure alone."""

from __future__ import annotations

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Covergroup
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.language.expression_nodes import Node

Fact = tuple[str, str, ValueSet]
"""A table, an expression over its columns, and the values that a bin requires of it."""


class Relations:
    """Finds bins whose hits show how to meet one member of another bin."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._facts = plan, _facts(plan)
        self._roots = {
            (group.on, point.of.text): point.of.root for group in plan.covergroups for point in group.coverpoints
        }
        self._known: dict[Fact, list[int]] = {}

    def members(self, index: int) -> list[Fact]:
        """Return what a bin requires: one fact for each member of a cross or position of a transition."""
        return self._facts[index]

    def factors(self, index: int) -> list[Fact]:
        """Return the members of a bin, with a product that must not be 0 split: then no factor is 0."""
        return [part for fact in self._facts[index] for part in _factors(fact, self._roots[fact[:2]])]

    def meeting(self, fact: Fact) -> list[int]:
        """Return bins that are hit only where `fact` holds (for transitions: at their last position)."""
        if fact not in self._known:
            self._known[fact] = [
                index for index in range(len(self._facts)) if any(implies(one, fact) for one in self._shown(index))
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


def implies(one: Fact, other: Fact) -> bool:
    """Return whether what meets one fact meets the other one, as their values of the same expression tell."""
    return one[:2] == other[:2] and not one[2].minus(other[2]).ranges


def _factors(fact: Fact, root: Node) -> list[Fact]:
    table, _, values = fact
    if root.kind != "binary" or root.value != "*" or 0 in values:
        return [(table, _text(root), values)]
    truths = [arg for arg in root.args if arg.is_truth]
    others = [arg for arg in root.args if not arg.is_truth]
    if not truths or len(others) > 1:
        return [(table, _text(root), values)]
    found = [_truth(table, arg) for arg in truths]
    return found + [one for arg in others for one in _factors((table, "", values), arg)]


def _truth(table: str, node: Node) -> Fact:
    """Return that a truth is 1, and of a comparison with a number that the compared has it."""
    if node.value == "==" and node.args[1].kind == "integer":
        number = int(node.args[1].value)
        return table, _text(node.args[0]), ValueSet(((number, number),))
    return table, _text(node), ValueSet(((1, 1),))


def _text(node: Node) -> str:
    """Return a text that only equal expressions share; of a column, its name."""
    return f"{node.value}({', '.join(map(_text, node.args))})" if node.args else str(node.value)
