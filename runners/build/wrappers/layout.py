"""The layout of a design's pins in the two packed vectors exchanged with the simulator in each cycle.

The *drive* vector goes to the simulator: one piece for each driver, reset first, in the order in
which the drivers are planned. The *sample* vector comes from the simulator: every signal of
every port and the resets, and which of several clocks rise. Both are sent as text, most significant bit first, so
a position in a vector is an index into a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import Derived, PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.errors import InputFileError
from dv_agent.runners.build.wrappers.clock_lines import is_multiple, reset_edges
from dv_agent.runners.build.wrappers.nets import Net, nets_of, reject_bad_drivers


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the drive vector, identified by `key`, such as ``("in", "valid")``; `at_rest` is its first value."""

    key: tuple[str, ...]
    width: int
    at_rest: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """Both vectors of one design.

    Attributes:
        drive: pieces in text order.
        sample: signal -> (first index, width in bits) in text order.
        derived: signals of `sample` that are no pins.
        rises: clock -> index of the bit that tells whether it rises; after all signals, empty for a single clock.
        nets: the ports of the top module that the signals are on, by name.
        probes: probe -> path of its register below the top module; sampled behind all signals.
    """

    drive: tuple[Piece, ...]
    sample: Mapping[str, tuple[int, int]]
    rises: Mapping[str, int]
    nets: Mapping[str, Net]
    probes: Mapping[str, str] = field(default_factory=dict)
    derived: tuple[Derived, ...] = ()

    @property
    def drive_width(self) -> int:
        """Width of the drive vector in bits."""
        return sum(piece.width for piece in self.drive)

    @property
    def sample_width(self) -> int:
        """Width of the sample vector in bits."""
        return sum(width for _, width in self.sample.values()) + len(self.rises)


def carriers(design: Design, write: Stream) -> tuple[Stream, ...]:
    """Return the streams whose beats may carry writes to the stream `write`, in file order."""
    return tuple(one for one in design.streams if one.carries and _together(design, one, write))


def riders(design: Design, beat: Stream | None = None) -> tuple[Stream, ...]:
    """Return the streams of writes that a beat may carry, in file order; those that `beat` may, if it is given."""
    return tuple(one for one in design.streams if one.rides and (beat is None or _together(design, one, beat)))


def _together(design: Design, one: Stream, other: Stream) -> bool:
    return design.clock_of(one.port) == design.clock_of(other.port)


def layout_of(design: Design) -> Layout:
    """Return the layout of a design.

    Raises:
        InputFileError: a signal has two drivers, or two widths, or only a part of it has a driver.
    """
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
    computed = {one.signal for one in derived}
    nets = nets_of(design, {signal: facts for signal, facts in sample.items() if signal not in computed})
    if clash := sorted(computed & nets.keys()):
        raise InputFileError(design.folder / "design.yaml", f"ports: {clash[0]} is a name that the tool itself needs")
    reject_bad_drivers(design, _with_a_driver(design), nets)
    for name, probe in design.probes.items():
        if name in sample:
            raise InputFileError(design.folder / "design.yaml", f"probes: {name} is also the name of a signal")
        sample[name] = (place, probe.width)
        place += probe.width
    clocks = design.all_clocks if is_multiple(design) else ()
    rises = {name: place + index for index, name in enumerate(clocks)}
    paths = {name: one.path for name, one in design.probes.items()}
    return Layout(tuple(_pieces(design)), sample, rises, nets, paths, derived)


def child_layout(design: Design, layout: Layout) -> dict[str, Any]:
    """Return the layout as plain data (for JSON): all that the process inside the simulator needs."""
    return {
        "quiet_cycles": design.limits.quiet_cycles,
        "reset_cycles": reset_edges(design),
        "sample_width": layout.sample_width,
        "ports": [_child_port(design, layout, name, port) for name, port in driven_ports(design)],
        "monitors": [_child_monitor(one, layout) for one in design.streams],
        **_child_clocks(design, layout),
    }


def _child_clocks(design: Design, layout: Layout) -> dict[str, Any]:
    """Return which bits of a sample tell of several clocks, and the clock of each monitor; nothing for one clock."""
    if not layout.rises:
        return {}
    clocks = [*layout.rises]
    periods = [design.all_clocks[name].period_ns for name in clocks]
    return {
        "slowest": periods.index(max(periods)),
        "rises": [*layout.rises.values()],
        "monitor_clocks": [clocks.index(design.clock_of(one.port)) for one in design.streams],
        "reset_edges": design.reset.cycles if design.reset else 1,
    }


def _child_port(design: Design, layout: Layout, name: str, port: PortModel) -> dict[str, Any]:
    """Return the data for the driver of a port: one dictionary for a single stream, else one for each part."""
    facts: dict[str, Any] = {"name": name, "driver": port.driver, **port.driver_facts()}
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
            one["attached"] = [[rider.port, rider.bits] for rider in riders(design, stream)]
        facts |= {stream.part: one} if stream.part else one
    if layout.rises:
        facts["clock"] = [*layout.rises].index(design.clock_of(name))
    return facts | ({"held": _bits(port)} if port.held() else {})


def _child_monitor(stream: Stream, layout: Layout) -> tuple[str, int, int | None]:
    """Return the name of a stream and the positions of valid and ready in the sample vector."""
    ready = None if stream.ready is None else layout.sample[stream.ready][0]
    return stream.key, layout.sample[stream.valid][0], ready


def driven_ports(design: Design) -> list[tuple[str, PortModel]]:
    """Return the ports with a driver in the order of the drive vector: by `_rank`, then in file order."""
    ports = [(name, port) for name, port in design.ports.items() if port.driver and name in design.grammars]
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
    for name, port in driven_ports(design):
        for stream in port.streams(name):
            yield from _driven(stream) if stream.driven else _taken(stream)
            for rider in riders(design, stream) if stream.carries else ():
                key = (*stream.path, "attached", rider.port)
                yield Piece(key, 1)
                yield from _payload((*key, "payload"), rider.bits)
        if port.held():
            yield Piece((name, "held"), _bits(port), port.at_rest())


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


def _signals(design: Design) -> Iterator[tuple[Signal, int]]:
    for reset in design.resets:
        yield Signal(reset.signal), 1
    for name, port in design.ports.items():
        for stream in port.streams(name):
            yield from ((Signal(signal), bits) for signal, bits in stream.signals())
        yield from ((pin, 1) for one in port.derived(name) for pin in one.of)
        yield from ((spec.signal, spec.bits) for spec in port.levels().values())


def driven_signals(design: Design) -> Iterator[tuple[Signal, int]]:
    """Return (signal, bits) of every signal that the testbench drives, resets first; neither clocks nor ties."""
    for reset in design.resets:
        yield Signal(reset.signal), 1
    for stream in design.streams:
        if stream.driven:
            yield from ((Signal(signal), bits) for signal, bits in stream.offered())
            continue
        if stream.ready is not None:
            yield Signal(stream.ready), 1
        yield from ((spec.signal, spec.bits) for spec in stream.returns.values())
    for port in design.ports.values():
        yield from ((spec.signal, spec.bits) for spec in port.held().values())


def _with_a_driver(design: Design) -> Iterator[tuple[Signal, int]]:
    yield from ((Signal(clock.signal), 1) for clock in design.all_clocks.values())
    yield from driven_signals(design)
    yield from ((signal, signal.width or 1) for signal in design.ties)
