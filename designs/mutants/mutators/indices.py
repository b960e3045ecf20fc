"""Indices: the bit, element or first bit of a slice next to the right one."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.mutants.mutators.constants import neighbours
from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, replaced

_STARTS = ("AscendingRangeSelect", "DescendingRangeSelect")


def indices(place: Place) -> Iterator[Change]:
    """Yield the changes of one index."""
    if place.kind == "BitSelect":
        index = place.node.expr
    elif place.kind in _STARTS:
        index = place.node.left
    else:
        return
    text = place.of(index)
    if text.isdigit():
        for other in neighbours(text):
            yield from replaced("index", place, index, other)
    elif text:
        for other in (f"({text}) + 1", f"({text}) - 1"):
            yield from replaced("index", place, index, other)
