"""Scatter chart of coverage against kills, one dot per trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.designs.text.wording import counted
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.pictures.scale import Scale
from dv_agent.eval.board.pictures.style import Style, mark
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS
from dv_agent.eval.report.pictures.line_chart import Tick

SIZE = 380
LEFT, BOTTOM, MARGIN = 66, 48, 12
_TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Dot:
    """One trial, or several trials at the same point."""

    style: Style
    mark: str
    title: str


@dataclass(frozen=True, slots=True)
class ScatterChart:
    """The scatter chart in pixels."""

    summary: str
    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = SIZE
    height: int = SIZE
    left: int = LEFT
    right: int = SIZE - MARGIN
    top: int = MARGIN
    bottom: int = SIZE - BOTTOM


def scatter_chart(board: Board, styles: Mapping[str, Style]) -> ScatterChart | None:
    """Return the chart of all scored trials with a bug hunt; None if there are none."""
    x, y = Scale(0, 100, LEFT, SIZE - MARGIN), Scale(0, 100, SIZE - BOTTOM, MARGIN)
    places: dict[tuple[str, float, float], list[str]] = {}
    for one in board.trials:
        if one.row in styles and COVERAGE in one.figures and KILLS in one.figures:
            place = (one.row, round(one.figures[COVERAGE], 1), round(one.figures[KILLS], 1))
            places.setdefault(place, []).append(f"{one.design} seed {one.seed}")
    dots = [
        Dot(
            styles[row],
            mark(styles[row].shape, x.at(coverage), y.at(kills), 3.6),
            f"{styles[row].label}, {', '.join(names[:5])}: {coverage} % of bins, {kills} % of bugs",
        )
        for (row, coverage, kills), names in places.items()
    ]
    if not dots:
        return None
    return ScatterChart(
        summary=f"Percentage of bugs killed against percentage of bins hit, {counted(board.correlation.n, 'trial')}.",
        dots=tuple(dots),
        x_ticks=tuple(Tick(x.at(one), f"{one} %") for one in _TICKS),
        y_ticks=tuple(Tick(y.at(one), f"{one} %") for one in _TICKS),
    )
