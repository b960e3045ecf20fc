"""Geometry of a curve chart: percentage of bins covered along an axis, one curve per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dv_agent.eval.board.design_board import RowCurve
from dv_agent.eval.board.pictures.scale import Scale
from dv_agent.eval.board.pictures.style import Style
from dv_agent.eval.report.pictures.line_chart import Tick, spread
from dv_agent.eval.scoring.score import Axis

WIDTH, HEIGHT = 560, 290
LEFT, RIGHT, TOP, BOTTOM = 44, 150, 12, 46
AXIS_WORDS: Mapping[Axis, str] = {
    "cycles": "simulated cycles",
    "calls": "calls of the model",
    "tokens": "tokens",
    "usd": "US dollars",
    "seconds": "seconds",
}


@dataclass(frozen=True, slots=True)
class RowLine:
    """One curve; `band` is the area between the worst and the best trial."""

    style: Style
    path: str
    band: str
    end_y: float
    label_y: float
    value: str


@dataclass(frozen=True, slots=True)
class CurveChart:
    """The curve chart in pixels; x grows to the right, y downwards."""

    axis: str
    summary: str
    lines: tuple[RowLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def curve_chart(
    axis: Axis, curves: Sequence[RowCurve], styles: Mapping[str, Style], *, bands: bool = True
) -> CurveChart | None:
    """Return the chart of the rows that have a style; None if there are none.

    Args:
        bands: whether to draw the worst and best trial too; over several designs they have little meaning.
    """
    drawn = [one for one in curves if one.row in styles]
    if not drawn:
        return None
    log = axis != "calls"
    low, high = min(one.xs[0] for one in drawn), max(one.xs[-1] for one in drawn)
    x = Scale(low, high, LEFT, WIDTH - RIGHT, log=log)
    y = Scale(0, 100, HEIGHT - BOTTOM, TOP)
    ends = [y.at(one.mean[-1]) for one in drawn]
    labels = spread(ends, TOP, HEIGHT - BOTTOM)
    lines = [_line(one, styles[one.row], x, y, place, bands) for one, place in zip(drawn, labels, strict=True)]
    said = ", ".join(f"{styles[one.row].label} {one.mean[-1]:.1f} %" for one in drawn)
    return CurveChart(
        axis=AXIS_WORDS[axis] + (" (logarithmic)" if log else ""),
        summary=f"Mean percentage of bins covered over {AXIS_WORDS[axis]}. At the end: {said}.",
        lines=tuple(lines),
        x_ticks=x.ticks("$" if axis == "usd" else ""),
        y_ticks=tuple(Tick(y.at(share), f"{share} %") for share in (0, 25, 50, 75, 100)),
    )


def _line(curve: RowCurve, style: Style, x: Scale, y: Scale, label_y: float, bands: bool) -> RowLine:
    there = [f"{x.at(at):g} {y.at(most):g}" for at, most in zip(curve.xs, curve.most, strict=True)]
    back = [f"{x.at(at):g} {y.at(least):g}" for at, least in zip(curve.xs, curve.least, strict=True)]
    path = "L".join(f"{x.at(at):g} {y.at(mean):g}" for at, mean in zip(curve.xs, curve.mean, strict=True))
    return RowLine(
        style=style, path=f"M{path}", band=f"M{'L'.join([*there, *reversed(back)])}z" if bands and curve.n > 1 else "",
        end_y=y.at(curve.mean[-1]), label_y=label_y, value=f"{curve.mean[-1]:.1f} %",
    )  # fmt: skip
