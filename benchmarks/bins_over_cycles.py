"""The picture of a replayed model against `search` and `random`: bins covered over simulated cycles, as SVG.

`python benchmarks/bins_over_cycles.py mxint_softmax docs/pictures/bins-over-cycles.svg` plays all three and draws them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.progress import Unwatched
from dv_agent.agents.runs.request import RunRequest
from dv_agent.eval.board.pictures.scale import Scale

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 360, 56, 226, 44, 48
FROM, TO = 300, 200_000
COLOURS = ("#1d5d9b", "#b3541e", "#6b7a86")

Curve = list[tuple[float, float]]
"""(simulated cycles, percent of the bins) after each test."""


def played(name: str, room: Path) -> Iterator[tuple[str, RecordedRun]]:
    """Yield the runs on a design: the shipped replies of a model, `search` and `random`."""
    asked = {
        "a model, replayed": RunRequest(model={"model": f"replay:{name}"}),
        "search": RunRequest(design=name, agent="search", simulator="icarus", max_cycles=TO),
        "random": RunRequest(design=name, agent="random", simulator="icarus", max_cycles=TO),
    }
    for label, request in asked.items():
        print(f"playing {label}", file=sys.stderr)
        done = launch(replace(request, out=room / label.split(",")[0]), Unwatched(), lambda *_: None)
        yield label, read_run(done.folder)


def curve(run: RecordedRun) -> Curve:
    """Return the share of the bins that a run has covered after each of its tests."""
    points, cycles, seen = [(0.0, 0.0)], 0, 0
    for test in (one for turn in run.turns for one in turn.tests):
        cycles, seen = cycles + test.cycles, seen + len(test.new_bins)
        points.append((float(cycles), 100 * seen / run.header.bins))
    return points


def svg(title: str, curves: Sequence[tuple[str, Curve, str]]) -> str:
    """Return the picture; each curve has a label and words on its end."""
    x = Scale(FROM, TO, LEFT, WIDTH - RIGHT, log=True)
    y = Scale(0, 100, HEIGHT - BOTTOM, TOP)
    said = "; ".join(f"{label}: {words}" for label, _, words in curves)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13"><title>{escape(f"{title}. {said}.")}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600" fill="#1a2227">{escape(title)}</text>',
        *_axes(x, y),
    ]
    ends = [y.at(points[-1][1]) for _, points, _ in curves]
    for (label, points, words), colour, place in zip(curves, COLOURS, _apart(ends), strict=True):
        lines += _line(label, points, words, colour, place, x, y)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _apart(ends: Sequence[float]) -> list[float]:
    """Return where the labels stand: near the ends of their curves, two lines of text apart."""
    placed = [0.0] * len(ends)
    last = float(TOP) - 34
    for place, end in sorted(enumerate(ends), key=lambda one: one[1]):
        last = placed[place] = max(end, last + 36)
    return placed


def _axes(x: Scale, y: Scale) -> Iterator[str]:
    for share in (0, 25, 50, 75, 100):
        at = f"{y.at(share):.1f}"
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}" stroke="#dde3e7"/>'
        yield f'<text x="{LEFT - 8}" y="{at}" dy="4" text-anchor="end" fill="#4a5860">{share} %</text>'
    for cycles in (1_000, 10_000, 100_000):
        at = f"{x.at(cycles):.1f}"
        yield f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eef1f3"/>'
        yield f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#4a5860">{cycles:,}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle" fill="#4a5860">simulated cycles (log)</text>'


def _line(label: str, points: Curve, words: str, colour: str, place: float, x: Scale, y: Scale) -> Iterator[str]:
    steps = [f"M{LEFT} {y.at(0):.1f}"]
    for cycles, share in points[1:]:
        steps.append(f"H{x.at(min(max(cycles, FROM), TO)):.1f} V{y.at(share):.1f}")
    end = x.at(min(points[-1][0], TO))
    yield f'<path d="{" ".join(steps)}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>'
    yield f'<circle cx="{end:.1f}" cy="{y.at(points[-1][1]):.1f}" r="3.6" fill="{colour}"/>'
    at = WIDTH - RIGHT + 12
    yield f'<text x="{at}" y="{place:.1f}" fill="{colour}" font-weight="600">{escape(label)}</text>'
    yield f'<text x="{at}" y="{place + 16:.1f}" fill="{colour}" font-size="12">{escape(words)}</text>'


def main(name: str, out: Path) -> None:
    """Play the three runs and write the picture."""
    with tempfile.TemporaryDirectory() as room:
        curves = []
        for label, run in played(name, Path(room)):
            calls = f", {run.header.spent.calls} call" if run.header.model else ""
            words = f"{run.header.bins_hit} bins, {run.header.spent.cycles:,} cycles{calls}"
            curves.append((label, curve(run), words))
            bins = run.header.bins
        out.write_text(svg(f"{name}: share of {bins} bins covered", curves), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
