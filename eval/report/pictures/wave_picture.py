"""Geometry of a waveform from an `Excerpt`; the template only draws the numbers computed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from dv_agent.agents.failures.excerpt import Excerpt, WaveSignal
from dv_agent.designs.ports.registry import label_of
from dv_agent.eval.report.environment import environment

LEFT, CELL, ROW, HEAD, GAP = 124, 24, 24, 30, 10
_HIGH, _LOW, _TILT = 5, 19, 3
_CHARACTER = 5.2


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bus waveform with one value; `quiet` if valid of its port is low there."""

    x: int
    width: int
    points: str
    text: str
    title: str
    unknown: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class WaveRow:
    """One signal with its top at `y`; a one-bit signal has `path`, a bus has `segments`; both may have parts with
    unknown values.
    """

    y: int
    name: str
    title: str
    path: str
    segments: tuple[Segment, ...]
    failing: bool


@dataclass(frozen=True, slots=True)
class WaveGroup:
    """The rows of one port; `dots` are the centres of the cycles with a transfer."""

    y: int
    name: str
    kind: str
    height: int
    dots: tuple[int, ...]
    rows: tuple[WaveRow, ...]


@dataclass(frozen=True, slots=True)
class WavePicture:
    """A waveform in pixels."""

    summary: str
    width: int
    height: int
    cycles: tuple[tuple[int, int, bool], ...]
    fail_x: int | None
    groups: tuple[WaveGroup, ...]
    grid: str


def excerpt_svg(excerpt: Excerpt, name: str = "excerpt") -> Markup:
    """Return `excerpt` as inline SVG, styled by the style sheet of the report; `name` must be unique in a page."""
    template = environment().get_template("waves.svg.jinja")
    return Markup(template.render(picture=wave_picture(excerpt), name=name, left=LEFT, cell=CELL, row=ROW))  # noqa: S704


def wave_picture(excerpt: Excerpt) -> WavePicture:
    """Return the geometry of `excerpt`."""
    groups = tuple(_groups(excerpt))
    height = groups[-1].y + groups[-1].height if groups else HEAD
    width = LEFT + CELL * excerpt.cycles
    fail = excerpt.failing_cycle
    return WavePicture(
        summary=_summary(excerpt),
        width=width + 1,
        height=height + GAP,
        cycles=tuple(
            (_x(place) + CELL // 2, excerpt.start + place, excerpt.start + place == fail)
            for place in range(excerpt.cycles)
            if _is_labelled(excerpt.start + place, fail)
        ),
        fail_x=None if fail is None else _x(fail - excerpt.start),
        groups=groups,
        grid="".join(f"M{_x(place)} {HEAD}V{height}" for place in range(excerpt.cycles + 1)),
    )


def _is_labelled(cycle: int, fail: int | None) -> bool:
    """Return whether a cycle gets a label: every fifth one, except next to the failing cycle, whose label is wide."""
    return cycle == fail or (cycle % 5 == 0 and (fail is None or abs(cycle - fail) > 1))


def _x(place: int) -> int:
    return LEFT + CELL * place


def _groups(excerpt: Excerpt) -> Iterator[WaveGroup]:
    y = HEAD
    for port, members in groupby(excerpt.signals, key=lambda signal: signal.port):
        signals = list(members)
        taken = excerpt.transfers.get(port, ())
        valid = next((one for one in signals if one.role in {"valid", "enable"}), None)
        title = ROW if port else 0
        rows = tuple(_row(excerpt, signal, valid, y + title + ROW * place) for place, signal in enumerate(signals))
        yield WaveGroup(
            y=y,
            name=port,
            kind=label_of(excerpt.ports.get(port, "")),
            height=title + ROW * len(rows),
            dots=tuple(_x(cycle - excerpt.start) + CELL // 2 for cycle in taken),
            rows=rows,
        )
        y += title + ROW * len(rows) + GAP


def _row(excerpt: Excerpt, signal: WaveSignal, valid: WaveSignal | None, y: int) -> WaveRow:
    quiet = valid if signal.role in {"data", "last"} else None
    return WaveRow(
        y=y,
        name=signal.name,
        title=f"{signal.name}: pin {signal.signal}",
        path=_bit_path(signal) if signal.kind == "bit" else "",
        segments=tuple(_segments(excerpt, signal, quiet)),
        failing=(signal.port, signal.name) == (excerpt.failing_port, excerpt.failing_field),
    )


def _bit_path(signal: WaveSignal) -> str:
    path, pen_down = "", False
    for place, value in enumerate(signal.values):
        y = _HIGH if value else _LOW
        if signal.unknown_at(place):
            pen_down = False
            continue
        path += f"V{y}H{_x(place + 1)}" if pen_down else f"M{_x(place)} {y}H{_x(place + 1)}"
        pen_down = True
    return path


def _segments(excerpt: Excerpt, signal: WaveSignal, valid: WaveSignal | None) -> Iterator[Segment]:
    """Yield parts of equal value; for a one-bit signal only the parts with unknown value."""

    def state(place: int) -> tuple[bool, int, bool]:
        unknown = signal.unknown_at(place)
        quiet = valid is not None and not valid.values[place] and not valid.unknown_at(place)
        return unknown, 0 if unknown else signal.values[place], quiet

    for (unknown, value, quiet), run in groupby(range(excerpt.cycles), key=state):
        places = list(run)
        if signal.kind == "bit" and not unknown:
            continue
        x, width = _x(places[0]), CELL * len(places)
        text = "x" if unknown else str(value)
        first, last = excerpt.start + places[0], excerpt.start + places[-1]
        when = f"cycle {first}" if first == last else f"cycles {first} to {last}"
        yield Segment(
            x=x,
            width=width,
            points=_hexagon(x, width),
            text=text if len(text) * _CHARACTER <= width - 3 else "",
            title=f"{signal.name} = {'unknown' if unknown else value}, {when}",
            unknown=unknown,
            quiet=quiet,
        )


def _hexagon(x: int, width: int) -> str:
    middle, right = (_HIGH + _LOW) // 2, x + width
    top = f"{x + _TILT},{_HIGH} {right - _TILT},{_HIGH}"
    return f"{x},{middle} {top} {right},{middle} {right - _TILT},{_LOW} {x + _TILT},{_LOW}"


def _summary(excerpt: Excerpt) -> str:
    last = excerpt.start + excerpt.cycles - 1
    transfers = ", ".join(f"{len(cycles)} on {port}" for port, cycles in excerpt.transfers.items())
    fail = "" if excerpt.failing_cycle is None else f" The failure shows in cycle {excerpt.failing_cycle}."
    return f"Waveform of cycles {excerpt.start} to {last}. Transfers: {transfers or 'none'}.{fail}"
