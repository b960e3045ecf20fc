"""Coverpoints whose values are codes: of them no value is nearer to a wanted one than another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from dv_agent.coverage.structure import Coverpoint
from dv_agent.designs.language.expression_nodes import Node

_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "none", "no", "first",
    "second", "third", "once", "twice", "empty", "full", "least", "most", "equal", "below", "above",
)  # fmt: skip
_AMOUNT = re.compile(rf"\d|(?:^|_)(?:{'|'.join(_WORDS)})(?:_|$)")
"""What the name of a bin of an amount holds."""


def are_codes(point: Coverpoint) -> bool:
    """Return whether the values of a coverpoint are codes: a sum of columns in different places, or names in a row.

    Names in a row are three or more bins of one value each, without a gap, of which none is called like an amount.
    """
    if _is_packed(point.of.root):
        return True
    ranges = [one.values[0].ranges for one in point.bins]
    if len(ranges) < 3 or any(len(one) > 1 or one[0][0] != one[0][1] for one in ranges):
        return False
    values = sorted(one[0][0] for one in ranges)
    plain = all(after == before + 1 for before, after in pairwise(values))
    return plain and not any(_AMOUNT.search(one.name) for one in point.bins)


def _is_packed(node: Node) -> bool:
    """Return whether it is a sum of several columns of which some are scaled, such as ``state + 8 * hold``."""
    scales = [_scale(term) for term in _terms(node) if term.kind != "integer"]
    return len(scales) > 1 and max(scales) > 1 and len(set(scales)) > 1


def _terms(node: Node) -> Iterator[Node]:
    if node.kind == "binary" and node.value in ("+", "-"):
        for arg in node.args:
            yield from _terms(arg)
    else:
        yield node


def _scale(term: Node) -> int:
    constants = [int(arg.value) for arg in term.args if arg.kind == "integer"]
    if term.kind != "binary" or len(constants) != 1:
        return 1
    return constants[0] if term.value == "*" else 1 << min(constants[0], 62) if term.value == "<<" else 1
