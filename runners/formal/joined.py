"""Two circuits beside each other, on the same inputs: whether their samples can ever differ is one property."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.netlist import Netlist

DIFFERS = "differs"


def joined(left: Netlist, right: Netlist) -> Circuit:
    """Return both circuits with the property `DIFFERS`: some bit of the two sample vectors differs.

    Both have the same drivers' choices. A register of one name begins with the same value in both; what else is free, such
    as an undriven net, is free in each of them on its own, which only allows more. As long as nothing differs, the
    drivers of both do the same, so a first difference is one that a test could show.
    """
    shared = dict(_shared(left, right))
    own = [number for number in range(right.circuit.inputs) if number not in shared]
    inputs = left.circuit.inputs + len(own)
    places = shared | {number: left.circuit.inputs + place for place, number in enumerate(own)}
    registers = len(left.circuit.next) + len(right.circuit.next)
    of_left = _Moved(left.circuit, dict(enumerate(range(left.circuit.inputs))), inputs + 1, inputs + 1 + registers)
    after = inputs + 1 + registers + len(left.circuit.gates)
    of_right = _Moved(right.circuit, places, inputs + 1 + len(left.circuit.next), after)
    gates = [*of_left.gates(), *of_right.gates()]
    first = inputs + 1 + registers

    def both(a: int, b: int) -> int:
        gates.append((a, b))
        return 2 * (first + len(gates) - 1)

    same = 1
    for a, b in zip(left.seen, right.seen, strict=True):
        one, two = of_left.literal(a), of_right.literal(b)
        same = both(same, both(both(one, two ^ 1) ^ 1, both(one ^ 1, two) ^ 1))
    return Circuit(inputs, (*of_left.next(), *of_right.next()), tuple(gates), {DIFFERS: same ^ 1})


def _shared(left: Netlist, right: Netlist) -> Iterator[tuple[int, int]]:
    """Yield (number of an input of `right`, the one of `left` that it is)."""
    pairs = [*zip(right.free, left.free, strict=True), (right.clock, left.clock)]
    pairs += [(number, left.begins[name]) for name, number in right.begins.items() if name in left.begins]
    yield from ((mine, theirs) for mine, theirs in pairs if mine >= 0 and theirs >= 0)


class _Moved:
    """A circuit whose variables stand at other places. Args: inputs: number -> its new number."""

    def __init__(self, circuit: Circuit, inputs: dict[int, int], register: int, gate: int) -> None:
        self._circuit = circuit
        self._places = [0, *(inputs[number] + 1 for number in range(circuit.inputs))]
        self._places += range(register, register + len(circuit.next))
        self._places += range(gate, gate + len(circuit.gates))

    def literal(self, literal: int) -> int:
        return 2 * self._places[literal >> 1] + (literal & 1)

    def next(self) -> Iterator[int]:
        return map(self.literal, self._circuit.next)

    def gates(self) -> Iterator[tuple[int, int]]:
        return ((self.literal(a), self.literal(b)) for a, b in self._circuit.gates)
