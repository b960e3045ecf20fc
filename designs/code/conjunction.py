"""The terms of a condition as Verilator writes it: what stands between ``&&``, outside of parentheses."""

from __future__ import annotations

from collections.abc import Iterator


def conjuncts(text: str) -> Iterator[str]:
    """Split at ``&&`` outside of parentheses."""
    depth = start = 0
    for index, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and text.startswith(" && ", index):
            yield text[start:index]
            start = index + 4
    yield text[start:]
