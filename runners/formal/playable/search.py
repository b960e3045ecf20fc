"""Search for tests: what a test can do, unrolled cycle by cycle until properties are hit (bounded model checking)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.runners.build.wrappers.clock_lines import reset_edges
from dv_agent.runners.formal.netlist import Netlist
from dv_agent.runners.formal.stepping import played
from dv_agent.runners.formal.unrolling import OutOfTimeError, Unrolling


@dataclass(frozen=True, slots=True)
class Way:
    """A way to properties: what the pins do from the end of the first reset on.

    Attributes:
        names: the properties, all hit in the last cycle.
        rows: samples, as `Run.rows` holds them, without X.
    """

    names: tuple[str, ...]
    rows: bytes = field(repr=False)


def ways(
    netlist: Netlist, design: Design, names: Sequence[str], most: int, deadline: float, say: Callable[[int, int], None]
) -> Iterator[Way]:
    """Yield ways to as many of the properties `names` as are found, the shortest first. What is undefined is 0.

    Args:
        netlist: its environment does what tests can do.
        most: cycles from power-up.
        deadline: `time.monotonic` at which it ends.
        say: called with the number of cycles in which everything was tried, and of properties that are left.
    """
    circuit = netlist.circuit.reduced(names)
    left = [name for name in names if circuit.properties[name]]
    with Unrolling(circuit, from_power_up=True, deadline=deadline, zero=_undefined(netlist)) as model:
        cycles = most if circuit.next else 1
        for cycle in range(cycles):
            say(cycle, len(left))
            while left:
                try:
                    literals = [model.literal(cycle, circuit.properties[name]) for name in left]
                    if not model.is_possible([model.any_of(literals)]):
                        break
                except OutOfTimeError:
                    return
                hit = [name for name, true in zip(left, model.true_of(literals), strict=True) if true]
                left = [name for name in left if name not in hit]
                yield Way(tuple(hit), _rows(netlist, design, model, cycle))
            if not left:
                return
        say(cycles, len(left))


def _undefined(netlist: Netlist) -> set[int]:
    """Return the inputs that no test drives, apart from the words of memories."""
    return set(range(netlist.circuit.inputs)) - {*netlist.free, *netlist.words}


def _rows(netlist: Netlist, design: Design, model: Unrolling, cycle: int) -> bytes:
    inputs = np.array([model.true_of(model.inputs(one)) for one in range(cycle + 1)], dtype=np.bool_)
    seen = played(netlist.circuit, inputs.reshape(cycle + 1, -1), np.array(netlist.seen[::-1], dtype=np.int64))
    before = reset_edges(design) if design.all_clocks else 0
    return np.where(seen[before:], b"1", b"0").tobytes()
