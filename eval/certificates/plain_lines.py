"""Lines for a certificate: without characters that cannot be shown, cut to a readable length."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 1_000


def plain_line(line: str) -> str:
    """Return a line without characters that cannot be shown."""
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST]


def plain_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines without characters that cannot be shown."""
    return tuple(plain_line(line) for line in lines)
