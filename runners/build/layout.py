"""The layout of a design's pins in the two packed vectors exchanged with the simulator in each cycle.

The *drive* vector goes to the simulator: one piece for each driver, reset first, in the order in
which the drivers are planned. The *sample* vector comes from the simulator: every signal of
every port and the reset. Both are sent as text, most significant bit first, so
a position in a vector is an index into a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import Derived, PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.errors import InputFileError


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the drive vector, identified by `key`, for example ``("in", "valid")``."""

    key: tuple[str, ...]
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Both vectors of one design.

    Attributes:
        drive: pieces in text order.
        sample: signal -> (first index, width in bits) in text order.
        derived: signals of `sample` that are no pins.
    """

    drive: tuple[Piece, ...]
    sample: Mapping[str, tuple[int, int]]
    derived: tuple[Derived, ...] = ()

    @property
    def drive_width(self) -> int:
        """Width of the drive vector in bits."""
        return sum(piece.width for piece in self.drive)

    @property
    def sample_width(self) -> int:
        """Width of the sample vector in bits."""
        return sum(width for _, width in self.sample.values())

    @property
    def pins(self) -> tuple[str, ...]:
        """The signals of `sample` that are pins of the design."""
        computed = {one.signal for one in self.derived}
        return tuple(signal for signal in self.sample if signal not in computed)


def carriers(design: Design) -> tuple[Stream, ...]:
    """Return the streams whose beats may carry writes, in file order."""
    return tuple(one for one in design.streams if one.carries)


def riders(design: Design) -> tuple[Stream, ...]:
    """Return the streams of writes that a beat may carry, in file order."""
    return tuple(one for one in design.streams if one.rides)


def layout_of(design: Design) -> Layout:
    """Return the layout of a design.

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
    derived = tuple(one for name, port in design.ports.items() for one in port.derived(name))
    return Layout(tuple(_pieces(design)), sample, derived)


def child_layout(design: Design, layout: Layout) -> dict[str, Any]:
    """Return the layout as plain data (for JSON): all that the process inside the simulator needs."""
    return {
        "quiet_cycles": design.limits.quiet_cycles,
        "reset_cycles": design.reset.cycles,
        "sample_width": layout.sample_width,
        "ports": [_child_port(design, layout, name, port) for name, port in _driven_ports(design)],
        "monitors": [_child_monitor(one, layout) for one in design.streams],
    }


def _child_port(design: Design, layout: Layout, name: str, port: PortModel) -> dict[str, Any]:
    """Return the data for the driver of a port: one dictionary for a single stream, else one for each part."""
    facts: dict[str, Any] = {"name": name, "driver": port.driver}
    for stream in port.streams(name):
        _, valid, ready = _child_monitor(stream, layout)
        places = (layout.sample[spec.signal] for spec in stream.fields.values())
        one: dict[str, Any] = {
            "valid": valid, "ready": ready, "last": stream.last is not None, "width": stream.bits,
            "fields": [[first, first + width] for first, width in places],
        }  # fmt: skip
        if stream.returned_bits and not stream.driven:
            one["returns"] = stream.returned_bits
        if stream.carries:
            one["attached"] = [[rider.port, rider.bits] for rider in riders(design)]
        facts |= {stream.part: one} if stream.part else one
    return facts | ({"held": _bits(port)} if port.held() else {}) | port.driver_facts(name)


def _child_monitor(stream: Stream, layout: Layout) -> tuple[str, int, int | None]:
    """Return the name of a stream and the positions of valid and ready in the sample vector."""
    ready = None if stream.ready is None else layout.sample[stream.ready][0]
    return stream.key, layout.sample[stream.valid][0], ready


def _driven_ports(design: Design) -> list[tuple[str, PortModel]]:
    """Return the ports with a driver in the order of the drive vector: by `_rank`, then in file order."""
    ports = [(name, port) for name, port in design.ports.items() if port.driver]
    return sorted(ports, key=lambda pair: _rank(pair[1].streams(pair[0])))


def _rank(streams: tuple[Stream, ...]) -> int:
    """Return the planning rank: beats that carry writes, then those writes (which yield), waiting ports, all others."""
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
    """Return the number of bits of the held fields."""
    return sum(spec.bits for spec in port.held().values())


def _driven(stream: Stream) -> Iterator[Piece]:
    yield Piece((*stream.path, stream.offer), 1)
    if stream.last is not None:
        yield Piece((*stream.path, "last"), 1)
    yield from _payload((*stream.path, "payload"), stream.bits)


def _taken(stream: Stream) -> Iterator[Piece]:
    if stream.ready is not None:
        yield Piece((*stream.path, "ready"), 1)
    yield from _payload((*stream.path, "returns"), stream.returned_bits)


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
    """Return every signal that the testbench drives, clock and reset first."""
    yield design.clock.signal
    yield design.reset.signal
    for stream in design.streams:
        if stream.driven:
            yield from (signal for signal, _ in stream.offered())
            continue
        if stream.ready is not None:
            yield stream.ready
        yield from (spec.signal for spec in stream.returns.values())
    for port in design.ports.values():
        yield from (spec.signal for spec in port.held().values())


def _reject_shared_drivers(design: Design) -> None:
    seen: set[str] = set()
    for signal in driven_signals(design):
        if signal in seen:
            raise InputFileError(design.folder / "design.yaml", f"ports: signal {signal} would have two drivers")
        seen.add(signal)
