"""Bin chart of a design: one strip per row, one column per bin; bins hit by the most trials are on the left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from dv_agent.eval.board.design_board import DesignBoard
from dv_agent.eval.board.design_rows import in_order
from dv_agent.eval.board.pictures.style import Style

WIDTH, NAME, STRIP = 1100, 170, 18
SHADES = 5


@dataclass(frozen=True, slots=True)
class Run:
    """A run of adjacent bins with one shade: from 0 (never hit) to `SHADES` (hit in every trial)."""

    x: float
    width: float
    shade: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The strip of one row."""

    style: Style
    y: int
    runs: tuple[Run, ...]
    hit: int


@dataclass(frozen=True, slots=True)
class Strips:
    """The bin chart in pixels; `tiers` are (x, width, tier) of the tier labels below it."""

    strips: tuple[Strip, ...]
    bins: int
    height: int
    summary: str
    width: int = WIDTH
    left: int = NAME
    strip: int = STRIP


def bin_strips(design: DesignBoard, styles: Mapping[str, Style]) -> Strips | None:
    """Return the strips of the drawn rows that have trials on this design; None if there are none."""
    rows = [row for row in styles if design.scored.get(row)]
    if not rows or not design.bin_lines:
        return None
    lines, step = in_order(design.bin_lines), (WIDTH - NAME) / len(design.bin_lines)
    strips = []
    for index, row in enumerate(rows):
        shades = [_shade(line.hits.get(row, 0), design.scored[row]) for line in lines]
        runs, place = [], 0
        for shade, some in groupby(shades):
            length = len(list(some))
            if shade:
                runs.append(Run(round(NAME + place * step, 2), round(length * step, 2), shade))
            place += length
        strips.append(Strip(styles[row], index * (STRIP + 4), tuple(runs), sum(shade > 0 for shade in shades)))
    said = ", ".join(f"{strip.style.label} {strip.hit}" for strip in strips)
    summary = f"Bins hit in any trial, of {len(lines)}: {said}."
    return Strips(tuple(strips), len(lines), len(rows) * (STRIP + 4), summary)


def _shade(hits: int, trials: int) -> int:
    return 0 if not hits else max(1, SHADES * hits // trials)
