"""The definitions of macros that lines of code use: without them nobody can tell what such a line does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

MOST_LINES, MOST_WIDTH, DEEPEST = 16, 140, 3
_DEFINE = re.compile(r"^[^\S\n]*`define[^\S\n]+(\w+)(?:[^\n]*\\\r?\n)*[^\n]*", re.M)
_USE = re.compile(r"`(\w+)")


def definitions(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the name of each macro -> the lines of its first definition, at most `MOST_LINES` of them."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for match in _DEFINE.finditer(text):
            lines = [line.rstrip("\\ \t\r")[:MOST_WIDTH] for line in match[0].splitlines()]
            found.setdefault(match[1], tuple(lines[:MOST_LINES]))
    return found


def used(lines: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the names of the macros of `known` that `lines` use, and that those use, each once."""
    seen: set[str] = set()
    names = _names(lines)
    for _ in range(DEEPEST):
        fresh = [name for name in names if name in known and name not in seen]
        seen |= set(fresh)
        yield from fresh
        names = _names(line for name in fresh for line in known[name][1:] or known[name])


def _names(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in _USE.findall(line)))
