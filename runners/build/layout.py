"""How the pins of a design lie in the two packed vectors that cross the simulator's border each cycle.

The *drive* vector goes in: one piece a driver, reset first, in the order in
which they are planned. The *sample* vector comes out: every signal of
every port and the reset. Both travel as text, most significant bit first, so
a place in a vector is an index into a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.errors import InputFileError


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the drive vector: `key` says what it is, for example ``("in", "valid")``."""

    key: tuple[str, ...]
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Both vectors of one design.

    Attributes:
        drive: pieces in text order.
        sample: signal -> (first index, width in bits) in text order.
    """

    drive: tuple[Piece, ...]
    sample: Mapping[str, tuple[int, int]]

    @property
    def drive_width(self) -> int:
        """Bits of the drive vector."""
        return sum(piece.width for piece in self.drive)

    @property
    def sample_width(self) -> int:
        """Bits of the sample vector."""
        return sum(width for _, width in self.sample.values())


def carriers(design: Design) -> tuple[Stream, ...]:
    """The streams whose beats may carry writes, in file order."""
    return tuple(one for one in design.streams if one.carries)


def riders(design: Design) -> tuple[Stream, ...]:
    """The streams of writes that a beat may carry, in file order."""
    return tuple(one for one in design.streams if one.rides)


def layout_of(design: Design) -> Layout:
    """The layout of a design.

    Raises:
        InputFileError: one signal has two drivers, or two widths.
    """
    _reject_shared_drivers(design)
    sample: dict[str, tuple[int, int]] = {}
    place = 0
    for signal, width in _signals(design):
        if signal not in sample:
            sample[signal] = (place, width)
            place += width
        elif sample[signal][1] != width:
            raise InputFileError(
                design.folder / "design.yaml", f"ports: signal {signal} has two widths, {sample[signal][1]} and {width}"
            )
    return Layout(tuple(_pieces(design)), sample)


def child_layout(design: Design, layout: Layout) -> dict[str, Any]:
    """The same as plain data (for JSON): all that the process inside the simulator needs to know."""
    return {
        "quiet_cycles": design.limits.quiet_cycles,
        "reset_cycles": design.reset.cycles,
        "sample_width": layout.sample_width,
        "ports": [_child_port(design, layout, name, port) for name, port in _driven_ports(design)],
        "monitors": [_child_monitor(one, layout) for one in design.streams],
    }


def _child_port(design: Design, layout: Layout, name: str, port: PortModel) -> dict[str, Any]:
    """What the driver of a port is given: of its only stream in one dictionary, of several by part."""
    facts: dict[str, Any] = {"name": name, "driver": port.driver}
    for stream in port.streams(name):
        _, valid, ready = _child_monitor(stream, layout)
        places = (layout.sample[spec.signal] for spec in stream.fields.values())
        one: dict[str, Any] = {
            "valid": valid, "ready": ready, "last": stream.last is not None, "width": stream.bits,
            "fields": [[first, first + width] for first, width in places],
        }  # fmt: skip
        if stream.carries:
            one["attached"] = [[rider.port, rider.bits] for rider in riders(design)]
        facts |= {stream.part: one} if stream.part else one
    return facts | ({"held": _bits(port)} if port.held() else {})


def _child_monitor(stream: Stream, layout: Layout) -> tuple[str, int, int | None]:
    """Name of a stream and the places of valid and ready in the sample vector."""
    ready = None if stream.ready is None else layout.sample[stream.ready][0]
    return stream.key, layout.sample[stream.valid][0], ready


def _driven_ports(design: Design) -> list[tuple[str, PortModel]]:
    """The ports with a driver, in the order of the drive vector: in file order by `_rank`."""
    ports = [(name, port) for name, port in design.ports.items() if port.driver]
    return sorted(ports, key=lambda pair: _rank(pair[1].streams(pair[0])))


def _rank(streams: tuple[Stream, ...]) -> int:
    """Beats that carry writes are planned before these writes, which give way; then what only waits; then the rest."""
    if any(one.carries for one in streams):
        return 0
    if any(one.rides for one in streams):
        return 1
    return 3 if any(one.driven for one in streams) else 2


def _pieces(design: Design) -> Iterator[Piece]:
    yield Piece(("reset",), 1)
    for name, port in _driven_ports(design):
        for stream in port.streams(name):
            yield from _driven(stream) if stream.driven else _taken(stream)
            for rider in riders(design) if stream.carries else ():
                key = (*stream.path, "attached", rider.port)
                yield Piece(key, 1)
                yield from _payload((*key, "payload"), rider.bits)
        yield from _payload((name, "held"), _bits(port))


def _bits(port: PortModel) -> int:
    """Bits of the fields that are held."""
    return sum(spec.bits for spec in port.held().values())


def _driven(stream: Stream) -> Iterator[Piece]:
    yield Piece((*stream.path, stream.offer), 1)
    if stream.last is not None:
        yield Piece((*stream.path, "last"), 1)
    yield from _payload((*stream.path, "payload"), stream.bits)


def _taken(stream: Stream) -> Iterator[Piece]:
    if stream.ready is not None:
        yield Piece((*stream.path, "ready"), 1)


def _payload(key: tuple[str, ...], width: int) -> Iterator[Piece]:
    if width:
        yield Piece(key, width)


def _signals(design: Design) -> Iterator[tuple[str, int]]:
    yield design.reset.signal, 1
    for name, port in design.ports.items():
        for stream in port.streams(name):
            yield from stream.signals()
        yield from ((spec.signal, spec.bits) for spec in port.levels().values())


def driven_signals(design: Design) -> Iterator[str]:
    """Every signal that the testbench drives, clock and reset first."""
    yield design.clock.signal
    yield design.reset.signal
    for stream in design.streams:
        if stream.driven:
            yield from (signal for signal, _ in stream.offered())
        elif stream.ready is not None:
            yield stream.ready
    for port in design.ports.values():
        yield from (spec.signal for spec in port.held().values())


def _reject_shared_drivers(design: Design) -> None:
    seen: set[str] = set()
    for signal in driven_signals(design):
        if signal in seen:
            raise InputFileError(design.folder / "design.yaml", f"ports: signal {signal} would have two drivers")
        seen.add(signal)
