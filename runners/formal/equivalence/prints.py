"""What a circuit does with random inputs, as a number for each variable: those with one number did the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.trace import IntColumn
from dv_agent.runners.formal.netlist import Netlist
from dv_agent.runners.formal.stepping import Simulation

Words = NDArray[np.uint64]
_WORDS, _CYCLES = 4, 192
_CALM = 64  # cycles before the first reset that is not that of power-up
_STATES, _SOME = 24, 0.4
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Prints:
    """What variables did.

    Attributes:
        values: for each variable a number that tells its values up to inversion.
        first: its first value.
        seen: uint64[literals, columns], all that watched literals did.
    """

    values: Words
    first: NDArray[np.bool_]
    seen: Words = field(default_factory=lambda: np.zeros((0, 0), dtype=np.uint64))


def in_tests(netlist: Netlist, names: Mapping[int, int], watched: Sequence[int] = ()) -> Prints:
    """Return what all variables do in random tests from power-up on; the same ones each time.

    Args:
        names: input -> number whose random values it gets; the others are 0.
        watched: literals.
    """
    literals = np.array(watched, dtype=np.int64)
    seen = []
    simulation = Simulation(netlist.circuit, _WORDS, np.uint64)
    taken = _Taken(netlist.circuit.variables)
    for inputs in _inputs(netlist, names):
        simulation.step(inputs)
        taken.add(simulation.variables())
        seen.append(simulation.values(literals))
        simulation.clock()
    return replace(taken.made(), seen=np.concatenate(seen, axis=1))


def in_states(netlist: Netlist, names: Mapping[int, int]) -> Prints:
    """Return what gates do in random states, reachable or not.

    Args:
        names: variable of an input or a register -> number whose random values it gets; the others are 0.
    """
    circuit = netlist.circuit
    simulation = Simulation(circuit, _WORDS, np.uint64)
    taken = _Taken(circuit.variables)
    own, theirs = _columns(names)
    bits = _bits(np.random.default_rng(11), int(theirs.max(initial=-1)) + 1, steady=False)
    for _ in range(_STATES):
        values = np.zeros((circuit.first_gate, _WORDS), dtype=np.uint64)
        values[own] = next(bits)[theirs]
        simulation.step(values[1:])  # registers too
        taken.add(simulation.variables())
    return taken.made()


class _Taken:
    def __init__(self, variables: int) -> None:
        self._values = np.zeros(variables, dtype=np.uint64)
        self._first = np.zeros(0, dtype=np.bool_)
        self._flipped = np.zeros(0, dtype=np.uint64)

    def add(self, now: Words) -> None:
        """Take in [variables, words]."""
        if not len(self._first):
            self._first = (now[:, 0] & np.uint64(1)).astype(np.bool_)
            self._flipped = np.where(self._first, ~np.uint64(0), np.uint64(0))
        for word in now.T:
            self._values = (self._values ^ word ^ self._flipped) * _MIX
            self._values ^= self._values >> np.uint64(29)

    def made(self) -> Prints:
        return Prints(self._values, self._first)


def _columns(names: Mapping[int, int]) -> tuple[IntColumn, IntColumn]:
    return np.array([*names.keys()], dtype=np.int64), np.array([*names.values()], dtype=np.int64)


def _inputs(netlist: Netlist, names: Mapping[int, int]) -> Iterator[Words]:
    """Yield uint64[inputs, words]: random bits, of which some are mostly 0 or mostly 1 in a test; resets are rare."""
    own, theirs = _columns(names)
    top = netlist.free[-1] if netlist.free else -1
    bits = _bits(np.random.default_rng(7), int(theirs.max(initial=-1)) + 1, steady=True)
    for cycle in range(_CYCLES):
        found = np.zeros((netlist.circuit.inputs, _WORDS), dtype=np.uint64)
        found[own] = next(bits)[theirs]
        if top >= 0:
            found[top] = np.uint64(1 << cycle % 64) if cycle >= _CALM else np.uint64(0)
        yield found


def _bits(random: np.random.Generator, size: int, *, steady: bool) -> Iterator[Words]:
    """Yield random bits; which of them are mostly 0, or mostly 1, is drawn anew each time if it is not `steady`."""

    def drawn() -> Words:
        return random.integers(0, 1 << 64, (size, _WORDS), dtype=np.uint64)

    def some() -> Words:
        """Return all bits of some tests."""
        chosen = np.packbits(random.random((1, 64 * _WORDS)) < _SOME, axis=1).view(np.uint64)
        return np.broadcast_to(chosen, (size, _WORDS))

    seldom, often = drawn() & drawn(), drawn() & drawn()
    while True:
        if not steady:
            seldom, often = some(), some()
        now, more = drawn(), drawn() & drawn() & (drawn() | drawn())
        yield (now & (more | ~seldom)) | (~more & often & ~seldom)
