"""The curve of an optimisation as SVG: what the best strategy so far reaches in validation, over the calls spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from dv_agent.eval.board.pictures.scale import Scale
from dv_agent.eval.optimisation.history import Point

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 360, 56, 190, 44, 48
COLOURS = ("#1d5d9b", "#b3541e", "#6b7a86")

Line = tuple[str, Sequence[Point], str]
"""(label, points, words on its end)"""


def curve_svg(title: str, lines: Sequence[Line]) -> str:
    """Return the picture of at most three curves."""
    most = max([point.calls for _, points, _ in lines for point in points] + [1])
    x, y = Scale(0, most, LEFT, WIDTH - RIGHT), Scale(0, 100, HEIGHT - BOTTOM, TOP)
    said = "; ".join(f"{label}: {words}" for label, _, words in lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13"><title>{escape(f"{title}. {said}.")}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600" fill="#1a2227">{escape(title)}</text>',
        *_axes(x, y),
    ]
    ends = [100 * points[-1].validation if points else 0.0 for _, points, _ in lines]
    for place, ((label, points, words), colour) in enumerate(zip(lines, COLOURS, strict=False)):
        above = sum(abs(ends[place] - other) < 12 for other in ends[:place])
        parts += _line(label, points, words, colour, y.at(ends[place]) + 36 * above, x, y)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(x: Scale, y: Scale) -> Iterator[str]:
    for share in (0, 25, 50, 75, 100):
        at = y.at(share)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" stroke="#dde3e7"/>'
        yield f'<text x="{LEFT - 8}" y="{at}" dy="4" text-anchor="end" fill="#4a5860">{share} %</text>'
    for tick in x.ticks():
        place = f'x="{tick.at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#4a5860"'
        yield f"<text {place}>{escape(tick.label)}</text>"
    middle = (LEFT + WIDTH - RIGHT) / 2
    words = "calls of models, trials and proposals together"
    yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle" fill="#4a5860">{words}</text>'


def _line(
    label: str, points: Sequence[Point], words: str, colour: str, place: float, x: Scale, y: Scale
) -> Iterator[str]:
    if not points:
        return
    steps = [f"M{x.at(points[0].calls)} {y.at(100 * points[0].validation)}"]
    steps += [f"H{x.at(one.calls)} V{y.at(100 * one.validation)}" for one in points[1:]]
    yield f'<path d="{" ".join(steps)}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>'
    for one in points:
        yield f'<circle cx="{x.at(one.calls)}" cy="{y.at(100 * one.validation)}" r="3.6" fill="{colour}"/>'
    at = WIDTH - RIGHT + 12
    yield f'<text x="{at}" y="{place}" fill="{colour}" font-weight="600">{escape(label)}</text>'
    yield f'<text x="{at}" y="{place + 16}" fill="{colour}" font-size="12">{escape(words)}</text>'
