"""Constants and the ends of ranges: one more, one less, the other of 0 and 1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, replaced

_SIZED = re.compile(r"(?P<size>\d*)\s*'(?P<sign>[sS]?)(?P<base>[bBoOdDhH])\s*(?P<digits>[0-9a-fA-F_]+)")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_FORMATS = {"b": "b", "o": "o", "d": "d", "h": "x"}
_MOST_BITS = 4096


def constants(place: Place) -> Iterator[Change]:
    """Yield the changes of one number that is not an index."""
    if place.around.role in ("step", "index", "reset") or place.around.resetting:
        return
    kind = "range" if place.around.role == "range" else "constant"
    if place.kind == "UnbasedUnsizedLiteralExpression":
        text = place.of(place.node)
        yield from replaced(kind, place, place.node, "'1" if text == "'0" else "'0")
    elif place.kind in ("IntegerLiteralExpression", "IntegerVectorExpression"):
        for other in neighbours(place.of(place.node)):
            yield from replaced(kind, place, place.node, other)


def ranges(place: Place) -> Iterator[Change]:
    """Yield the changes of the ends of a range that are not plain numbers."""
    if place.kind not in ("SimpleRangeSelect", "AscendingRangeSelect", "DescendingRangeSelect"):
        return
    simple = place.kind == "SimpleRangeSelect"
    for end in (place.node.left, place.node.right) if simple else (place.node.right,):
        text = place.of(end)
        if text and not text.isdigit():
            yield from replaced("range", place, end, f"{text} - 1" if simple else f"({text}) - 1")


def neighbours(text: str) -> Iterator[str]:
    """Yield the numbers next to a Verilog literal, in its own form; none for one with X or Z, or a real."""
    if text.isdigit():
        value = int(text)
        yield from (str(other) for other in (value + 1, value - 1) if other >= 0)
        return
    found = _SIZED.fullmatch(text.strip())
    if not found:
        return
    base = found["base"].lower()
    size = int(found["size"] or 32)
    digits = found["digits"].replace("_", "")
    if not 0 < size <= _MOST_BITS or any(int(digit, 16) >= _BASES[base] for digit in digits):
        return
    value, width = int(digits, _BASES[base]), 0 if base == "d" else len(digits)
    others = dict.fromkeys(other % (1 << size) for other in (value + 1, value - 1))
    for other in others:
        if other != value:
            yield f"{found['size']}'{found['sign']}{found['base']}{other:0{width}{_FORMATS[base]}}"
