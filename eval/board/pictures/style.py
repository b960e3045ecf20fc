"""Drawing style of each row (colour, dashes and mark), the same in all charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dv_agent.eval.board.leaderboard import Row

COLOURS = 8
DASHES = ("", "7 3", "2 3", "9 3 2 3")
SHAPES = ("circle", "square", "triangle", "diamond")
MOST = 12
"""Rows in a picture, and columns in the tables of bins and bugs; of more, the best are shown."""
_LONGEST = 22


@dataclass(frozen=True, slots=True)
class Style:
    """The style of one row; `colour` is a class of the style sheet, `name` is its shortened label."""

    row: str
    label: str
    name: str
    colour: str
    dashes: str
    shape: str


def styles(rows: Sequence[Row]) -> dict[str, Style]:
    """Return row -> style for the rows that are drawn; floors and ceiling are always included."""
    drawn = [row for row in rows if row.scored]
    beside = [row for row in drawn if row.kind != "entry"]
    room = max(MOST - len(beside), 4)
    best = [row for row in drawn if row.kind == "entry"][:room]
    chosen = [row for row in drawn if row in best or row in beside]
    return {row.key: _style(index, row) for index, row in enumerate(chosen)}


def mark(shape: str, x: float, y: float, size: float = 4.5) -> str:
    """Return the SVG path of a mark centred at (x, y)."""
    if shape == "circle":
        return f"M{x - size:g} {y:g}a{size} {size} 0 1 0 {2 * size} 0a{size} {size} 0 1 0 {-2 * size} 0"
    if shape == "square":
        return f"M{x - size:g} {y - size:g}h{2 * size}v{2 * size}h{-2 * size}z"
    if shape == "triangle":
        return f"M{x:g} {y - size * 1.2:g}l{size * 1.2:g} {size * 2.1:g}h{-size * 2.4:g}z"
    half = f"{size * 1.3:g}"
    return f"M{x:g} {y - size * 1.3:g}l{half} {half}l-{half} {half}l-{half} -{half}z"


def _style(index: int, row: Row) -> Style:
    name = row.label if len(row.label) <= _LONGEST else row.label[: _LONGEST - 1] + "…"
    turn = index // COLOURS
    return Style(
        row=row.key, label=row.label, name=name, colour=f"c{index % COLOURS}",
        dashes=DASHES[(index + turn) % len(DASHES)] if index else "", shape=SHAPES[(index + turn) % len(SHAPES)],
    )  # fmt: skip
