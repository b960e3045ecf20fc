"""Counters and pointers: they count by one more, or are compared with a limit that is off by one."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.mutants.module_facts import counted
from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, replaced
from dv_agent.designs.mutants.rtl_text import inner

_COMPARED = {
    "EqualityExpression", "InequalityExpression", "LessThanExpression", "LessThanEqualExpression",
    "GreaterThanExpression", "GreaterThanEqualExpression",
}  # fmt: skip


def counters(place: Place) -> Iterator[Change]:
    """Yield the changes of how far a counter counts, and by how much."""
    if place.around.loop or place.around.role == "step" or place.around.resetting:
        return
    if place.kind in _COMPARED:
        for one, other in ((place.node.left, place.node.right), (place.node.right, place.node.left)):
            if place.of(inner(one)) in place.facts.counters and (text := place.of(other)):
                yield from replaced("counter", place, other, f"({text}) + 1")
                yield from replaced("counter", place, other, f"({text}) - 1")
    elif (name := counted(place.text, place.node)) and hasattr(place.node, "right"):
        text = place.of(place.node.right)
        if text:
            yield from replaced("counter", place, place.node.right, f"({text}) + 1", f"{name} counts one too far")
            if not place.kind.startswith(("Add", "Subtract")):
                yield from replaced("counter", place, place.node.right, name, f"{name} does not count")
