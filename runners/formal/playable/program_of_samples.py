"""From what pins do, cycle by cycle, to a program whose drivers do the same: the way back from a trace to a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.program import RESET_TRACK, Op, Program
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.formal.playable.drivers import WORDS_BITS, Beats
from dv_agent.runners.formal.playable.packets import Beat, Packets

_KNOWN = bytes(code if code == ord("1") else ord("0") for code in range(256))


class NotPlayableError(Exception):
    """The error that no test does what a trace does, with the first step that no driver makes."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What the pins do: signal -> its value in each cycle, and whether each cycle is in reset."""

    values: Mapping[str, Sequence[int]]
    in_reset: Sequence[bool]

    @property
    def cycles(self) -> range:
        """The cycles."""
        return range(len(self.in_reset))

    def payload(self, stream: Stream, cycle: int) -> int:
        """Return the packed payload of a stream."""
        return self.packed([(spec.signal, spec.bits) for spec in stream.fields.values()], cycle)

    def packed(self, fields: Sequence[tuple[str, int]], cycle: int) -> int:
        """Return fields (signal, bits) as one number, the first one in the lowest bits."""
        found = place = 0
        for signal, bits in fields:
            found |= self.values[signal][cycle] << place
            place += bits
        return found

    def begins(self, cycle: int) -> bool:
        """Return whether a reset begins in a cycle."""
        return self.in_reset[cycle] and (cycle == 0 or not self.in_reset[cycle - 1])


def pins_of(design: Design, layout: Layout, rows: bytes) -> Pins:
    """Return what the pins do in samples as `Run.rows` holds them; what is neither 0 nor 1 counts as 0."""
    width = layout.sample_width
    rows = rows.translate(_KNOWN)
    lines = [rows[place : place + width] for place in range(0, len(rows), width)]
    values = {
        signal: [int(one[first : first + bits], 2) for one in lines] for signal, (first, bits) in layout.sample.items()
    }
    reset = design.reset
    active = [False] * len(lines)
    if reset is not None:
        active = [value == (reset.active == "high") for value in values[reset.signal]]
    return Pins(values, active)


def program_of(design: Design, layout: Layout, rows: bytes, beats: Beats) -> Program:
    """Return a program that makes the pins do what they do in `rows`, from the end of the first reset on.

    Raises:
        NotPlayableError: a driver cannot make a step of it.
    """
    pins = pins_of(design, layout, rows)
    if len(pins.cycles) > design.limits.max_cycles:
        raise NotPlayableError(f"it takes {len(pins.cycles):,} cycles, more than the limit of the design")
    tracks: dict[str, tuple[Op, ...]] = {RESET_TRACK: _resets(pins)}
    memories: dict[str, tuple[int, ...]] = {}
    for name, port in design.ports.items():
        if name not in design.grammars:
            continue
        if port.driver == "responder":
            tracks[name], memories[name] = _responder(design, name, pins)
        elif port.driver in _MAKERS:
            tracks[name] = tuple(_MAKERS[port.driver](name, port, pins, beats))
        else:
            _stays_idle(name, port, pins)
    return Program({name: ops for name, ops in tracks.items() if ops}, design.limits.max_cycles, memories)


def _resets(pins: Pins) -> tuple[Op, ...]:
    ops: list[Op] = []
    for cycle in pins.cycles:
        if pins.begins(cycle):
            ops += [Op("at", cycle)] * (cycle > 0) + [Op("pulse", 0)]
        if pins.in_reset[cycle]:
            ops[-1] = ops[-1]._replace(value=ops[-1].value + 1)
    return tuple(ops)


def _source(name: str, port: PortModel, pins: Pins, beats: Beats) -> Sequence[Op]:
    (stream,) = port.streams(name)
    packets = Packets(*beats.get(name, (1, 1)), ends=stream.last is not None)
    idle = _Idle(port, stream)
    for cycle in pins.cycles:
        if pins.begins(cycle):
            packets.reset(cycle)
        valid = bool(pins.values[stream.valid][cycle])
        payload = pins.payload(stream, cycle)
        last = bool(pins.values[stream.last][cycle]) if stream.last else False
        if pins.in_reset[cycle]:
            packets.rest(cycle)
            idle.silent(pins, cycle, valid, payload, last)
            continue
        if not valid:
            if packets.offers:
                raise NotPlayableError(f"in cycle {cycle} {name} takes back what it offered")
            idle.silent(pins, cycle, valid, payload, last)
            continue
        accepted = stream.ready is None or bool(pins.values[stream.ready][cycle])
        if not packets.offer(Beat(cycle, payload, last), accepted):
            raise NotPlayableError(f"in cycle {cycle} {name} changes what it offers")
        idle.shown(payload, last)
    return packets.ops(len(pins.cycles))


class _Idle:
    """What last and payload are without valid: as the driver leaves them."""

    def __init__(self, port: PortModel, stream: Stream) -> None:
        facts = port.driver_facts()
        self._name, self._holds = stream.key, bool(facts.get("hold"))
        self._rest = ((1 << stream.bits) - 1, True) if facts.get("ones") else (0, False)
        self._now, self._last = self._rest, stream.last is not None

    def shown(self, payload: int, last: bool) -> None:
        if self._holds:
            self._now = payload, last

    def silent(self, pins: Pins, cycle: int, valid: bool, payload: int, last: bool) -> None:
        """Check a cycle without an offer."""
        now = (0, False) if pins.in_reset[cycle] else self._now
        if valid:
            raise NotPlayableError(f"in cycle {cycle} {self._name} offers something in reset")
        if payload != now[0] or (self._last and last != now[1]):
            raise NotPlayableError(f"in cycle {cycle} {self._name} has a payload without valid that no driver gives it")
        if pins.in_reset[cycle]:
            self._now = self._rest


def _sink(name: str, port: PortModel, pins: Pins, beats: Beats) -> Sequence[Op]:
    del beats
    (stream,) = port.streams(name)
    ops: list[Op] = []
    for cycle in pins.cycles:
        level = pins.values[stream.ready][cycle] if stream.ready else 1
        if pins.in_reset[cycle]:
            if stream.ready and level:
                raise NotPlayableError(f"in cycle {cycle} {name} is ready in reset")
            continue
        kind = "ready" if level else "stall"
        if ops and ops[-1].kind == kind:
            ops[-1] = ops[-1]._replace(value=ops[-1].value + 1)
        else:
            ops.append(Op(kind, 1))
    return ops[:-1] if ops and ops[-1].kind == "ready" else ops


def _strobe(name: str, port: PortModel, pins: Pins, beats: Beats) -> Sequence[Op]:
    del beats
    (stream,) = port.streams(name)
    idle = _Idle(port, stream)
    ops: list[Op] = []
    for cycle in pins.cycles:
        valid, payload = bool(pins.values[stream.valid][cycle]), pins.payload(stream, cycle)
        if not valid or pins.in_reset[cycle]:
            idle.silent(pins, cycle, valid, payload, False)
            continue
        ops += [Op("at", cycle), Op("write", payload)]
        idle.shown(payload, False)
    return ops


def _held(name: str, port: PortModel, pins: Pins, beats: Beats) -> Sequence[Op]:
    del name, beats
    fields = [(spec.signal, spec.bits) for spec in port.held().values()]
    level = port.at_rest()
    ops: list[Op] = []
    for cycle in pins.cycles:
        now = pins.packed(fields, cycle)
        if pins.in_reset[cycle]:
            if now != port.at_rest():
                raise NotPlayableError(f"in cycle {cycle} {fields[0][0]} is not at rest in reset")
        elif now != level:
            ops += [Op("at", cycle), Op("set", now)]
            level = now
    return ops


_MAKERS: Mapping[str, Callable[[str, PortModel, Pins, Beats], Sequence[Op]]] = {
    "source": _source, "sink": _sink, "strobe": _strobe, "pins": _held,
}  # fmt: skip


def _stays_idle(name: str, port: PortModel, pins: Pins) -> None:
    for stream in port.streams(name):
        for cycle in pins.cycles:
            if stream.driven and pins.values[stream.valid][cycle]:
                raise NotPlayableError(f"in cycle {cycle} the bus {name} does something, which is not translated yet")


def _responder(design: Design, name: str, pins: Pins) -> tuple[tuple[Op, ...], tuple[int, ...]]:
    """Return how requests are answered, and the words of the memory."""
    memory = design.memories[name]
    ask, answer = memory.ask, memory.answer
    assert answer is not None
    address = next(iter(ask.fields.values()))
    words: dict[int, int] = {}
    size = 1 << min(WORDS_BITS, address.bits)
    ops: list[Op] = []
    owed: list[tuple[int, int, int]] = []  # operation, cycle of the request, address
    stall, refuses = 0, False
    for cycle in pins.cycles:
        if pins.in_reset[cycle]:
            owed = []
            continue
        offers = bool(pins.values[answer.valid][cycle])
        if offers:
            if not owed:
                raise NotPlayableError(f"in cycle {cycle} {name} answers what nobody asked")
            number, asked, place = owed[0]
            word = pins.payload(answer, cycle)
            if words.setdefault(place % size, word) != word:
                raise NotPlayableError(f"in cycle {cycle} {name} answers another word than before from address {place}")
            if ops[number].gap < 0:
                ops[number] = ops[number]._replace(gap=cycle - asked - 1)
            if answer.ready is None or pins.values[answer.ready][cycle]:
                owed.pop(0)
        ready, asks = bool(pins.values[ask.ready or ask.valid][cycle]), bool(pins.values[ask.valid][cycle])
        if ready and asks:
            owed.append((len(ops), cycle, pins.values[address.signal][cycle]))
            ops.append(Op("serve", 1, gap=-1, stall=stall))
            stall = 0
        elif not ready:
            stall += asks
        refuses = not ready
    late = len(pins.cycles)  # what is not answered in the trace is answered behind it
    ops = [one._replace(gap=late) if one.gap < 0 else one for one in ops]
    ops += [Op("serve", 1, stall=stall + refuses)] if stall or refuses else []
    return tuple(ops), tuple(words.get(place, 0) for place in range(size))
