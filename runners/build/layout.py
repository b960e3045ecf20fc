"""How the pins of a design lie in the two packed vectors that cross the simulator's border each cycle.

The *drive* vector goes in: one piece a driver, in the order reset, sources,
strobes, sinks, responders. The *sample* vector comes out: every signal of
every port and the reset. Both travel as text, most significant bit first, so
a place in a vector is an index into a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.design import (
    Design,
    FieldSpec,
    ObservePort,
    ResponderPort,
    SinkPort,
    SourcePort,
    StreamSpec,
    StrobePort,
)
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


def payload_width(fields: Mapping[str, FieldSpec]) -> int:
    """Bits of a packed payload."""
    return sum(spec.bits for spec in fields.values())


def strobe_names(design: Design) -> tuple[str, ...]:
    """Names of the strobe ports, in file order."""
    return tuple(name for name, port in design.ports.items() if isinstance(port, StrobePort))


def responder_names(design: Design) -> tuple[str, ...]:
    """Names of the responder ports, in file order."""
    return tuple(name for name, port in design.ports.items() if isinstance(port, ResponderPort))


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
    index = {signal: first for signal, (first, _) in layout.sample.items()}
    strobes = strobe_names(design)
    result: dict[str, Any] = {
        "quiet_cycles": design.limits.quiet_cycles,
        "reset_cycles": design.reset.cycles,
        "sample_width": layout.sample_width,
        "sources": [], "strobes": [], "sinks": [], "responders": [],
    }  # fmt: skip
    for name, port in design.ports.items():
        if isinstance(port, SourcePort):
            attached = [[strobe, _strobe_width(design, strobe)] for strobe in strobes]
            result["sources"].append({"name": name, **_stream(port, index), "attached": attached})
        elif isinstance(port, StrobePort):
            result["strobes"].append({"name": name, "enable": index[port.enable], "width": payload_width(port.fields)})
        elif isinstance(port, SinkPort):
            result["sinks"].append({"name": name, **_stream(port, index)})
        elif isinstance(port, ResponderPort):
            signal = next(iter(port.request.fields.values())).signal
            address = [index[signal], index[signal] + layout.sample[signal][1]]
            request = {**_stream(port.request, index), "address": address}
            result["responders"].append({"name": name, "request": request, "response": _stream(port.response, index)})
    return result


def _stream(stream: StreamSpec, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "valid": index[stream.valid],
        "ready": index[stream.ready],
        "last": stream.last is not None,
        "width": payload_width(stream.fields),
    }


def _strobe_width(design: Design, name: str) -> int:
    port = design.ports[name]
    assert isinstance(port, StrobePort)
    return payload_width(port.fields)


def _pieces(design: Design) -> Iterator[Piece]:
    yield Piece(("reset",), 1)
    ports = design.ports.items()
    strobes = strobe_names(design)
    for name, port in ports:
        if isinstance(port, SourcePort):
            yield from _driven_stream((name,), port)
            for strobe in strobes:
                yield Piece((name, "attached", strobe), 1)
                yield from _payload((name, "attached", strobe, "payload"), _strobe_width(design, strobe))
    for name, port in ports:
        if isinstance(port, StrobePort):
            yield Piece((name, "enable"), 1)
            yield from _payload((name, "payload"), payload_width(port.fields))
    for name, port in ports:
        if isinstance(port, SinkPort):
            yield Piece((name, "ready"), 1)
    for name, port in ports:
        if isinstance(port, ResponderPort):
            yield Piece((name, "request", "ready"), 1)
            yield from _driven_stream((name, "response"), port.response)


def _driven_stream(key: tuple[str, ...], stream: StreamSpec) -> Iterator[Piece]:
    yield Piece((*key, "valid"), 1)
    if stream.last is not None:
        yield Piece((*key, "last"), 1)
    yield from _payload((*key, "payload"), payload_width(stream.fields))


def _payload(key: tuple[str, ...], width: int) -> Iterator[Piece]:
    if width:
        yield Piece(key, width)


def _stream_signals(stream: StreamSpec) -> Iterator[tuple[str, int]]:
    yield stream.valid, 1
    yield stream.ready, 1
    if stream.last is not None:
        yield stream.last, 1
    yield from _field_signals(stream.fields)


def _field_signals(fields: Mapping[str, FieldSpec]) -> Iterator[tuple[str, int]]:
    for spec in fields.values():
        yield spec.signal, spec.bits


def _signals(design: Design) -> Iterator[tuple[str, int]]:
    yield design.reset.signal, 1
    for port in design.ports.values():
        if isinstance(port, StreamSpec):
            yield from _stream_signals(port)
        elif isinstance(port, ResponderPort):
            yield from _stream_signals(port.request)
            yield from _stream_signals(port.response)
        elif isinstance(port, StrobePort):
            yield port.enable, 1
            yield from _field_signals(port.fields)
        elif isinstance(port, ObservePort):
            yield from _field_signals(port.fields)


def driven_signals(design: Design) -> Iterator[str]:
    """Every signal that the testbench drives, clock and reset first."""
    yield design.clock.signal
    yield design.reset.signal
    for port in design.ports.values():
        if isinstance(port, StrobePort):
            yield port.enable
            yield from (spec.signal for spec in port.fields.values())
        elif isinstance(port, SinkPort):
            yield port.ready
        elif isinstance(port, SourcePort):
            yield from (signal for signal, _ in _stream_signals(port) if signal != port.ready)
        elif isinstance(port, ResponderPort):
            yield port.request.ready
            yield from (signal for signal, _ in _stream_signals(port.response) if signal != port.response.ready)


def _reject_shared_drivers(design: Design) -> None:
    seen: set[str] = set()
    for signal in driven_signals(design):
        if signal in seen:
            raise InputFileError(design.folder / "design.yaml", f"ports: signal {signal} would have two drivers")
        seen.add(signal)
