"""The RTL in the report: each line coloured by whether tests reached its points, with the points that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoint
from dv_agent.coverage.database import Coverage
from dv_agent.coverage.plan import Plan
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import InputFileError

MOST_LINES, MOST_WIDTH, MOST_EXCLUDED = 6_000, 200, 100
State = Literal["hit", "part", "miss", "dead", "plain"]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of RTL.

    Attributes:
        state: whether all, some or none of its points were hit; ``dead`` if all are excluded, ``plain`` without any.
        hit, points: numbers of points that stand in this line, those excluded not counted.
        missing: what was not hit, or why nothing can hit it.
    """

    number: int
    text: str
    state: State
    hit: int
    points: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One source file; `more`: lines that are not shown."""

    name: str
    hit: int
    points: int
    lines: tuple[CodeLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class CodeSection:
    """Everything that the report says of code coverage.

    Attributes:
        excluded: (point, where it stands, reason) of points that nothing can hit; `more_excluded` are not shown.
        left_out: number of points beyond the bound.
        note: why there are no sources; empty if there are.
    """

    files: tuple[CodeFile, ...]
    excluded: tuple[tuple[str, str, str], ...]
    more_excluded: int
    left_out: int
    note: str


def code_section(coverage: Coverage, sources: Mapping[str, str]) -> CodeSection | None:
    """Return the section; None without code coverage.

    Args:
        sources: file, as the points name it -> its text; empty if the RTL of the run is not at hand.
    """
    code = coverage.plan.code
    if code is None:
        return None
    hits = {one.id: bool(count) for one, count in zip(coverage.plan.bins, coverage.hits.tolist(), strict=True)}
    by_file: dict[str, list[tuple[CodePoint, bool]]] = defaultdict(list)
    for one in code.points:
        by_file[one.file].append((one, hits.get(f"{CODE}.{one.kind}.{one.name}", False)))
    files, left = [], MOST_LINES
    for name, points in sorted(by_file.items()):
        found = _file(name, points, sources.get(name, "").splitlines(), left)
        left -= len(found.lines)
        files.append(found)
    dead = [(f"{one.kind}.{one.name}", f"{one.file}:{one.line}", one.excluded) for one in code.points if one.excluded]
    note = "" if sources else "The RTL has changed since this run, or is not at hand: its lines are not shown."
    more = max(len(dead) - MOST_EXCLUDED, 0)
    return CodeSection(tuple(files), tuple(dead[:MOST_EXCLUDED]), more, code.left_out, note)


def code_sources(home: DesignFolder, plan: Plan, then: str, now: str) -> dict[str, str]:
    """Return the text of each file that the points of `plan` name; empty if the RTL is not that of the run.

    Args:
        then, now: hash of the RTL when the run was made, and today.
    """
    code = plan.code
    if code is None or then != now:
        return {}
    design = home.design
    shared = {"/".join(file.parts[-2:]): file for file in design.source_files()}
    texts = {}
    for name in {one.file for one in code.points}:
        inside = design.base / name
        try:
            texts[name] = read_text(inside if inside.is_file() else shared.get(name, inside))
        except InputFileError:
            continue
    return texts


def _file(name: str, points: list[tuple[CodePoint, bool]], text: list[str], most: int) -> CodeFile:
    standing: dict[int, list[tuple[CodePoint, bool]]] = defaultdict(list)
    running: dict[int, list[bool | None]] = defaultdict(list)
    for point, hit in points:
        standing[point.line].append((point, hit))
        for number in {point.line, *(one for first, last in point.lines for one in range(first, last + 1))}:
            if point.lines or number == point.line:
                running[number].append(None if point.excluded else hit)
    lines = tuple(
        _line(number, words, standing[number], running[number]) for number, words in enumerate(text[:most], 1)
    )
    alive = [hit for point, hit in points if not point.excluded]
    return CodeFile(name, sum(alive), len(alive), lines, max(len(text) - len(lines), 0))


def _line(number: int, text: str, standing: list[tuple[CodePoint, bool]], running: list[bool | None]) -> CodeLine:
    alive = [(point, hit) for point, hit in standing if not point.excluded]
    missing = [f"{point.kind}: {point.words.partition(': ')[2]}" for point, hit in alive if not hit]
    missing += [f"{point.kind}, excluded: {point.excluded}" for point, _ in standing if point.excluded]
    return CodeLine(
        number, text.expandtabs(4)[:MOST_WIDTH], _state(running), sum(hit for _, hit in alive), len(alive),
        tuple(missing),
    )  # fmt: skip


def _state(running: list[bool | None]) -> State:
    alive = [one for one in running if one is not None]
    if not running:
        return "plain"
    if not alive:
        return "dead"
    return "hit" if all(alive) else "part" if any(alive) else "miss"
