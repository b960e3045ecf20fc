"""A change that a mutator proposes at a place, and the words to make one with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.mutants.candidate import Edit
from dv_agent.designs.mutants.places import Place

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Change:
    """A change in words, and its edits; `kind` is the mutator's name."""

    kind: str
    words: str
    edits: tuple[Edit, ...]


def replaced(kind: str, place: Place, node: Any, text: str, words: str = "") -> Iterator[Change]:
    """Yield the change that puts `text` in the place of a node or token; nothing if a macro wrote it."""
    span = place.text.span(node)
    if span and place.text.text[span[0] : span[1]] != text:
        said = words or f"{short(place.of(node))} becomes {short(text)}"
        yield Change(kind, said, (Edit(start=span[0], end=span[1], text=text),))


def short(text: str) -> str:
    """Return RTL on one line, cut to a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."


def block(text: str) -> str:
    """Return a statement in ``begin`` and ``end``, so that no ``else`` can go astray."""
    return text if text.startswith("begin") else f"begin {text} end"
