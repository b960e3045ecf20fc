"""Geometry of a line chart from `Progress`; the template only draws the numbers computed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dv_agent.designs.text.wording import counted
from dv_agent.eval.report.pictures.curves import Curve, Progress
from dv_agent.eval.report.pictures.ticks import ticks
from dv_agent.eval.report.wording import number, percent

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 112, 14, 54
_LABEL_GAP = 15
_MARK_GAP = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """One axis tick: its position in pixels and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; `label_y` is moved where labels would overlap."""

    name: str
    path: str
    end_y: float
    label_y: float
    label: str


@dataclass(frozen=True, slots=True)
class Cross:
    """A mark for failing tests; tests close to each other share one mark."""

    x: float
    title: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """The line chart in pixels. x grows to the right, y downwards."""

    axis: str
    summary: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    crosses: tuple[Cross, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def line_chart(progress: Progress) -> LineChart:
    """Return the chart: percentage of each tier's bins along the axis, as steps (a count holds until the next
    point).
    """
    end = progress.end or 1
    lines = [_line(curve, end) for curve in progress.curves]
    labels = spread([line.end_y for line in lines], TOP, HEIGHT - BOTTOM)
    return LineChart(
        axis=progress.axis,
        summary=_summary(progress),
        lines=tuple(
            Line(line.name, line.path, line.end_y, y, line.label) for line, y in zip(lines, labels, strict=True)
        ),
        x_ticks=tuple(Tick(x_of(tick, end), number(int(tick))) for tick in ticks(end)),
        y_ticks=tuple(Tick(y_of(share, 100), f"{share} %") for share in (0, 25, 50, 75, 100)),
        crosses=_crosses(progress, end),
    )


def x_of(value: float, end: float) -> float:
    """Return the pixel position of a value on the horizontal axis, which runs from 0 to `end`."""
    return round(LEFT + (WIDTH - LEFT - RIGHT) * value / end, 2)


def y_of(count: float, total: float) -> float:
    """Return the pixel position of `count` of `total` on the vertical axis."""
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (count / total if total else 0), 2)


def _line(curve: Curve, end: float) -> Line:
    (x, count), *rest = curve.points
    path = f"M{x_of(x, end):g} {y_of(count, curve.total):g}"
    for x, count in rest:
        path += f"H{x_of(x, end):g}V{y_of(count, curve.total):g}"
    y = y_of(curve.last, curve.total)
    return Line(curve.name, path, y, y, f"{curve.name} {curve.last:,}/{curve.total:,}")


def spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return label positions near the wanted ones, at least one text line apart, between `top` and `bottom` if they
    fit.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    lowest = top
    for index in order:
        places[index] = lowest = max(wanted[index], lowest)
        lowest += _LABEL_GAP
    highest = bottom
    for index in reversed(order):
        places[index] = highest = min(places[index], highest)
        highest -= _LABEL_GAP
    return places


def _crosses(progress: Progress, end: float) -> tuple[Cross, ...]:
    groups: list[tuple[float, list[int]]] = []
    for mark in progress.marks:
        x = x_of(mark.x, end)
        if groups and x - groups[-1][0] < _MARK_GAP:
            groups[-1][1].append(mark.test)
        else:
            groups.append((x, [mark.test]))
    return tuple(Cross(x, _title(tests)) for x, tests in groups)


def _title(tests: Sequence[int]) -> str:
    if len(tests) == 1:
        return f"test {tests[0]} failed a check"
    return f"{counted(len(tests), 'failing test')}, {tests[0]} to {tests[-1]}"


def _summary(progress: Progress) -> str:
    ends = ", ".join(
        f"{curve.name} {curve.last} of {curve.total} ({percent(curve.last, curve.total)})" for curve in progress.curves
    )
    failing = f"; marked: {counted(len(progress.marks), 'failing test')}" if progress.marks else ""
    return f"Bins covered over {progress.axis}, from 0 to {number(progress.end)}. At the end: {ends}{failing}."
