"""Chart of coverage against cost, with the Pareto front: rows that no other row beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.pictures.curve_chart import AXIS_WORDS, BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from dv_agent.eval.board.pictures.scale import Scale, short
from dv_agent.eval.board.pictures.style import Style, mark
from dv_agent.eval.board.trials.metrics import COVERAGE
from dv_agent.eval.report.pictures.line_chart import Tick, spread
from dv_agent.eval.scoring.score import Axis


@dataclass(frozen=True, slots=True)
class Spot:
    """One row in the chart: its mean cost and coverage, the interval as whisker, and the mean curve up to it."""

    style: Style
    x: float
    y: float
    mark: str
    low_y: float
    high_y: float
    way: str
    label_y: float
    title: str
    on_front: bool


@dataclass(frozen=True, slots=True)
class CostChart:
    """The cost chart in pixels; `front` is an SVG path."""

    axis: str
    summary: str
    spots: tuple[Spot, ...]
    front: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def cost_charts(board: Board, styles: Mapping[str, Style]) -> tuple[CostChart, ...]:
    """Return one chart over cycles for all rows, and one over dollars (tokens if a price is missing) for rows with a
    model.
    """
    asking = [row for row in board.rows if row.key in styles and "tokens" in row.figures]
    priced = all("usd" in row.figures and row.figures["usd"].mean > 0 for row in asking)
    axes: list[Axis] = ["cycles", *(["usd" if priced else "tokens"] if asking else [])]  # type: ignore[list-item]
    return tuple(chart for axis in axes if (chart := cost_chart(axis, board, styles)))


def cost_chart(axis: Axis, board: Board, styles: Mapping[str, Style]) -> CostChart | None:
    """Return mean coverage against the mean of `axis`, one mark per row; None if no row has such a cost."""
    rows = [row for row in board.rows if row.key in styles and COVERAGE in row.figures and axis in row.figures]
    costs = {row.key: row.figures[axis].mean for row in rows if row.figures[axis].mean > 0}
    if not costs:
        return None
    high = max(costs.values())
    x = Scale(max(min(costs.values()), high / 1000) / 1.3, high * 1.3, LEFT, WIDTH - RIGHT, log=True)
    y = Scale(0, 100, HEIGHT - BOTTOM, TOP)
    shares = {row.key: row.figures[COVERAGE] for row in rows if row.key in costs}
    front = pareto([(costs[key], shares[key].mean, key) for key in costs if board.row(key).kind != "ceiling"])
    curves = [one for one in board.curves.get(axis, ()) if one.row in costs]
    ways = {one.row: _way(one.xs, one.mean, costs[one.row], x, y) for one in curves}
    places = spread([y.at(one.mean) for one in shares.values()], TOP, HEIGHT - BOTTOM)
    spots = []
    for (key, share), place in zip(shares.items(), places, strict=True):
        left, up, style = x.at(costs[key]), y.at(share.mean), styles[key]
        low, top = (share.mean if end is None else end for end in (share.low, share.high))
        words = f"{share.mean:.1f} % for {short(costs[key])} {AXIS_WORDS[axis]}"
        spots.append(
            Spot(
                style=style, x=left, y=up, mark=mark(style.shape, left, up), low_y=y.at(low), high_y=y.at(top),
                way=ways.get(key, ""), label_y=place, title=f"{style.label}: {words}", on_front=key in front,
            )
        )  # fmt: skip
    return CostChart(
        axis=f"{AXIS_WORDS[axis]} used (logarithmic)",
        summary=f"Coverage against {AXIS_WORDS[axis]}. " + "; ".join(spot.title for spot in spots) + ".",
        spots=tuple(spots),
        front=_stairs([(costs[key], shares[key].mean) for key in front], x, y),
        x_ticks=x.ticks("$" if axis == "usd" else ""),
        y_ticks=tuple(Tick(y.at(one), f"{one} %") for one in (0, 25, 50, 75, 100)),
    )


def pareto(points: Sequence[tuple[float, float, str]]) -> tuple[str, ...]:
    """Return the names on the Pareto front of (cost, gain, name), cheapest first.

    A name is on it if no other costs at most as much and gains more, or costs less and gains as much.
    """
    front: list[str] = []
    best = float("-inf")
    for _, gain, name in sorted(points, key=lambda point: (point[0], -point[1], point[2])):
        if gain > best:
            front.append(name)
            best = gain
    return tuple(front)


def _way(xs: Sequence[float], mean: Sequence[float], end: float, x: Scale, y: Scale) -> str:
    """Return the mean curve up to the point where the row ended, as an SVG path."""
    steps = [(at, share) for at, share in zip(xs, mean, strict=True) if x.low <= at <= end]
    return "M" + "L".join(f"{x.at(at):g} {y.at(share):g}" for at, share in steps) if len(steps) > 1 else ""


def _stairs(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    if not points:
        return ""
    (cost, gain), *rest = points
    path = f"M{x.at(cost):g} {y.at(gain):g}"
    for cost, gain in rest:
        path += f"H{x.at(cost):g}V{y.at(gain):g}"
    return f"{path}H{x.stop:g}"
