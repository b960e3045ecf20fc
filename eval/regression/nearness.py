"""How near points of code coverage are to a change: on its lines, or so many assignments before or behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoint
from dv_agent.coverage.plan import Plan
from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.reader.changes import changed_signals
from dv_agent.designs.reader.cone import cone_of, drivers_of, influence_of
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.designs.reader.structure import Structure
from dv_agent.errors import BuildError, InputFileError

DEPTH = 3
Signals = Mapping[tuple[str, str], int]
"""(module, signal) -> assignments between it and the change."""


def signals_near(base: Design, now: Design) -> tuple[Structure, Signals] | None:
    """Return the RTL of the base, and its signals up to `DEPTH` assignments from the change, on either side.

    None if one of the two cannot be read: then only the changed lines are known.
    """
    try:
        shelf = cache_folder() / "structures"
        before, after = read_rtl(base, shelf), read_rtl(now, shelf)
    except (BuildError, InputFileError):
        return None
    modules = dict(before.hierarchy())
    changed = [node for node in changed_signals(before, after) | changed_signals(after, before) if node[0] in modules]
    outputs = tuple(port.name for port in before.module(before.top).ports if port.direction == "output")
    behind = influence_of(before, changed, cone_of(before, outputs), DEPTH)
    near: dict[tuple[str, str], int] = {}
    for (path, signal), steps in (*drivers_of(before, changed, DEPTH).items(), *behind.items()):
        place = modules[path], signal
        near[place] = min(steps, near.get(place, steps))
    return before, near


def distances(plan: Plan, lines: Mapping[str, Set[int]], near: tuple[Structure, Signals] | None) -> dict[int, int]:
    """Return bin -> distance, for the points of code coverage near a change; empty if the plan counts no code.

    Args:
        lines: the changed lines of each source of the base; a point on them has distance 0.
    """
    known = {(Path(name).name, line): 0 for name, numbers in lines.items() for line in numbers}
    structure, signals = near or (None, {})
    for module in structure.modules if structure else ():
        for one in module.assignments:
            steps = [signals[module.name, target] for target in one.targets if (module.name, target) in signals]
            if steps:
                place = Path(module.file).name, one.line
                known[place] = min(*steps, known.get(place, DEPTH))
    found = {}
    for point in plan.code.alive if plan.code else ():
        steps = [*_steps(point, known)]
        if point.kind == "toggle" and (point.module, point.text) in signals:
            steps.append(signals[point.module, point.text])
        if steps:
            found[plan.index(f"{CODE}.{point.kind}.{point.name}")] = min(steps)
    return found


def _steps(point: CodePoint, known: Mapping[tuple[str, int], int]) -> Iterator[int]:
    file = Path(point.file).name
    for first, last in point.lines or ((point.line, point.line),):
        yield from (known[file, line] for line in range(first, last + 1) if (file, line) in known)
