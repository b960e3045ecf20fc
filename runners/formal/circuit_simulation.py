"""Recorded tests played on the circuit of a proof: it must hit what the tests hit, in the same cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.design import Design
from dv_agent.designs.trace import BoolColumn, IntColumn
from dv_agent.runners.build.wrappers.clock_lines import reset_edges
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.formal.netlist import Netlist
from dv_agent.runners.formal.stepping import Simulation

NEVER = -1
_ONE = ord("1")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded test.

    Attributes:
        rows: its samples, as `Run.rows` holds them.
        unknown: bool[cycles, bits], the monitor's input ``unknown``, lowest bit first.
    """

    rows: bytes = field(repr=False)
    unknown: BoolColumn = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replay:
    """What the circuit did in recorded tests.

    Attributes:
        first: int64[tests, properties], the cycle of the first hit, 0 before the first one; `NEVER` if there is none.
        cycles: int64[tests], the cycles that were played.
        differs: for each test the first cycle in which a pin that no test drives differs from the recorded one in
            a bit that was 0 or 1; `NEVER` if none does.
    """

    first: IntColumn
    cycles: IntColumn
    differs: IntColumn


def replay(netlist: Netlist, design: Design, layout: Layout, tests: Sequence[Recorded], most: int) -> Replay:
    """Play tests on the circuit, at most `most` cycles of each.

    Registers without a value at power-up begin with 0.
    """
    circuit = netlist.circuit
    samples = [_samples(one.rows, layout.sample_width)[:most] for one in tests]
    cycles = np.array([len(one) for one in samples], dtype=np.int64)
    before = reset_edges(design) if design.all_clocks else 0
    longest = int(cycles.max(initial=0))
    drive = [_driven(design, layout, one) for one in samples]
    simulation = Simulation(circuit, len(tests), np.bool_)
    literals = np.array([circuit.properties[name] for name in circuit.properties], dtype=np.int64)
    first = np.full((len(tests), len(literals)), NEVER, dtype=np.int64)
    differs = np.full(len(tests), NEVER, dtype=np.int64)
    free = [(number, bit) for bit, number in enumerate(netlist.free) if number >= 0]
    unknown = [(number, bit) for bit, number in enumerate(netlist.unknown) if number >= 0]
    for step in range(before + longest):
        cycle = step - before
        # A clocked drive register takes over in this step what it shows in the next one.
        shown = cycle + 1 if before else cycle
        inputs = np.zeros((circuit.inputs, len(tests)), dtype=np.bool_)
        for test, one in enumerate(tests):
            if 0 <= shown < cycles[test]:
                for number, bit in free:
                    inputs[number, test] = drive[test][shown, bit]
            if 0 <= cycle < cycles[test]:
                for number, bit in unknown:
                    inputs[number, test] = one.unknown[cycle, bit]
        simulation.step(inputs)
        playing = cycle < cycles
        hit = simulation.values(literals).T & playing[:, None]
        first[hit & (first == NEVER)] = max(cycle, 0)
        if cycle >= 0:
            _compare(simulation.values(np.array(netlist.seen, dtype=np.int64)), samples, cycle, differs)
        simulation.clock()
    return Replay(first, cycles, differs)


def _compare(seen: BoolColumn, samples: Sequence[NDArray[np.uint8]], cycle: int, differs: IntColumn) -> None:
    for test, rows in enumerate(samples):
        if cycle < len(rows) and differs[test] == NEVER:
            row = rows[cycle][::-1]
            known = (row == _ONE) | (row == _ONE - 1)
            if ((row == _ONE) != seen[:, test])[known].any():
                differs[test] = cycle


def _samples(rows: bytes, width: int) -> NDArray[np.uint8]:
    count = len(rows) // width
    return np.frombuffer(rows, dtype=np.uint8, count=count * width).reshape(count, width)


def _driven(design: Design, layout: Layout, samples: NDArray[np.uint8]) -> BoolColumn:
    """Return bool[cycles, drive bits], lowest bit first: the drive vector of each cycle, as the pins show it."""
    places, inverted = [], []
    for place, invert in _sources(design, layout):
        places.append(place)
        inverted.append(invert)
    columns = np.array(places[::-1], dtype=np.int64)
    bits = (samples == _ONE)[:, np.maximum(columns, 0)] & (columns >= 0)
    found: BoolColumn = bits ^ np.array(inverted[::-1], dtype=np.bool_)
    return found


def _sources(design: Design, layout: Layout) -> Iterator[tuple[int, bool]]:
    """Yield for each bit of the drive vector, highest first, its index in a sample (-1: it is 0), and an inversion.

    A write that a beat carried is seen at its own pins.
    """
    streams = {one.path: one for one in design.streams}
    for piece in layout.drive:
        stream = streams.get(piece.key[:-1])
        what = piece.key[-1]
        if piece.key == ("reset",):
            reset = design.reset
            yield (-1, False) if reset is None else (layout.sample[reset.signal][0], reset.active == "low")
        elif what == "held":
            yield from _payload(layout, [one.signal for one in design.ports[piece.key[0]].held().values()])
        elif stream is None:
            yield from ((-1, False) for _ in range(piece.width))
        elif what in ("payload", "returns"):
            fields = stream.fields if what == "payload" else stream.returns
            yield from _payload(layout, [one.signal for one in fields.values()])
        else:
            signal = {"valid": stream.valid, "enable": stream.valid, "ready": stream.ready, "last": stream.last}[what]
            yield (-1, False) if signal is None else (layout.sample[signal][0], False)


def _payload(layout: Layout, signals: Sequence[str]) -> Iterator[tuple[int, bool]]:
    for signal in reversed(signals):  # the first field has the lowest bits
        first, width = layout.sample[signal]
        yield from ((first + index, False) for index in range(width))
