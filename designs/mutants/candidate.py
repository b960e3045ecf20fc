"""A candidate for a mutant: one small change of one RTL file, as edits of exact source ranges."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import OutputError

CONTEXT_LINES = 2


class Edit(Frozen):
    """The replacement of the bytes ``start`` to ``end`` (exclusive) of a file by `text`; an insertion if both agree."""

    start: Count
    end: Count
    text: str


class Candidate(Frozen):
    """One change that may become a mutant.

    Attributes:
        kind: the name of the mutator, such as ``operator``.
        module: the module that is changed.
        source: the file, by its name in a copy of the RTL, see `dv_agent.designs.benchmark.rtl_copy`.
        line: line of the first edit, from 1.
        change: the change in words, such as ``+ becomes -``.
        edits: in the order of the file, without overlap.
    """

    kind: str
    module: str
    source: str
    line: Count
    change: str
    edits: tuple[Edit, ...]


def write_mutant(folder: Path, candidate: Candidate) -> None:
    """Make the change of `candidate` in a copy of the RTL.

    Raises:
        OutputError: it cannot be written.
    """
    file = folder / candidate.source
    try:
        text = file.read_bytes().decode("latin-1")
        file.write_bytes(apply_edits(text, candidate.edits).encode("latin-1"))
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror}") from None


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with `edits` made.

    Raises:
        ValueError: the edits overlap, are out of order, or lie outside `text`.
    """
    parts, place = [], 0
    for edit in edits:
        if not place <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}:{edit.end} overlaps another one or lies outside the file")
        parts += [text[place : edit.start], edit.text]
        place = edit.end
    return "".join([*parts, text[place:]])


def unified_diff(name: str, old: str, new: str) -> str:
    """Return the unified diff of two texts, for ``patch -p1``; it holds the exact bytes of both, so line ends too."""
    found = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}", n=CONTEXT_LINES)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(text: str) -> list[str]:
    """Return the lines of a text with their ends; only a line feed ends one, as for ``patch``."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])
