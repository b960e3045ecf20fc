"""Holes of code coverage: the lines of source behind each, and the conditions on the way to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoint
from dv_agent.prompts.feedback.macro_text import definitions, used
from dv_agent.prompts.view import View

MOST_LINES, MOST_WIDTH = 6, 140


@dataclass(frozen=True, slots=True)
class CodeHole:
    """A point of the RTL that no test has hit.

    Attributes:
        conditions: the conditions on the way to it, outermost first.
        lines: (number, text) of the sources behind it; empty if the agent may not see them.
        macros: lines of the definitions of the macros in them that no hole before has told.
    """

    bin: str
    words: str
    conditions: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]
    macros: tuple[str, ...] = ()


def code_holes(view: View, most: int) -> tuple[CodeHole, ...]:
    """Return at most `most` open points, others each turn; signals that do not toggle only after everything else."""
    if view.plan.code is None:
        return ()
    points = {f"{CODE}.{one.kind}.{one.name}": one for one in view.plan.code.alive}
    found = [(hole.bin, points[hole.bin]) for hole in view.holes if hole.bin in points]
    chosen = _turned([one for one in found if one[1].kind != "toggle"], view.turn, most)
    chosen += _turned([one for one in found if one[1].kind == "toggle"], view.turn, most - len(chosen))
    texts = _texts(view)
    told = (CodeHole(name, point.words, point.conditions, _lines(point, texts)) for name, point in chosen)
    return tuple(_with_macros(view, told))


def _with_macros(view: View, told: Iterable[CodeHole]) -> Iterator[CodeHole]:
    known = definitions(text for _, text in (*view.rtl.files, *view.rtl.headers))
    seen: set[str] = set()
    for hole in told:
        names = [name for name in used([text for _, text in hole.lines], known) if name not in seen]
        seen |= set(names)
        yield replace(hole, macros=tuple(line for name in names for line in known[name]))


def _turned(found: list[tuple[str, CodePoint]], turn: int, most: int) -> list[tuple[str, CodePoint]]:
    """Return some of the list: the next ones in each turn, so that a point that resists does not block the others."""
    start = turn * most % len(found) if found and most > 0 else 0
    return (found[start:] + found[:start])[: max(most, 0)]


def _texts(view: View) -> dict[str, list[str]]:
    """Return the lines of each source by the name of its file; of two files of one name neither."""
    texts: dict[str, list[str]] = {}
    twice = set()
    for name, text in (*view.rtl.files, *view.rtl.headers):
        twice |= {name} & texts.keys()
        texts[name] = text.splitlines()
    return {name: lines for name, lines in texts.items() if name not in twice}


def _lines(point: CodePoint, texts: dict[str, list[str]]) -> tuple[tuple[int, str], ...]:
    source = texts.get(PurePosixPath(point.file).name, [])
    inside = (number for first, last in point.lines for number in range(first, min(last, first + MOST_LINES) + 1))
    numbers = sorted({point.line, *inside})
    shown = [(one, _short(source[one - 1])) for one in numbers[:MOST_LINES] if 0 < one <= len(source)]
    left = [one for one in numbers[MOST_LINES:] if 0 < one <= len(source)]
    return (*shown, *([(left[0], "... (more lines)")] if left else []))


def _short(line: str) -> str:
    text = line.rstrip()
    return text if len(text) <= MOST_WIDTH else f"{text[: MOST_WIDTH - 3]}..."
