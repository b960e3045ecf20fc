"""A circuit simulated in steps, for many tests at once, level by level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.trace import BoolColumn, IntColumn
from dv_agent.runners.formal.aiger import Circuit

_Kind = TypeVar("_Kind", np.bool_, np.uint64)


class Simulation(Generic[_Kind]):
    """A circuit in one cycle of many tests. Registers begin with 0.

    Args:
        columns: with `kind` `np.bool_` one for a test, with `np.uint64` one for 64 tests, a bit each.
    """

    def __init__(self, circuit: Circuit, columns: int, kind: type[_Kind]) -> None:
        self._circuit = circuit
        self._now: NDArray[_Kind] = np.zeros((circuit.variables, columns), dtype=kind)
        self._ones = ~np.zeros(1, dtype=kind)[0]
        self._next = np.array(circuit.next, dtype=np.int64)
        self._levels = [*_levels(circuit)]

    def step(self, inputs: NDArray[_Kind]) -> None:
        """Set the inputs, [inputs, columns], and compute all gates."""
        now = self._now
        now[1 : 1 + len(inputs)] = inputs
        for own, left, right in self._levels:
            now[own] = self._of(left) & self._of(right)

    def values(self, literals: IntColumn) -> NDArray[_Kind]:
        """Return [literals, columns]."""
        return self._of(literals)

    def variables(self) -> NDArray[_Kind]:
        """Return [variables, columns]."""
        return self._now

    def clock(self) -> None:
        """Let the registers take over."""
        first = self._circuit.first_register
        self._now[first : first + len(self._next)] = self._of(self._next)

    def _of(self, literals: IntColumn) -> NDArray[_Kind]:
        flipped = np.where(literals & 1, self._ones, ~self._ones)
        found: NDArray[_Kind] = self._now[literals >> 1] ^ flipped[:, None]
        return found


def played(circuit: Circuit, inputs: BoolColumn, watched: IntColumn) -> BoolColumn:
    """Return bool[cycles, literals]: the values of `watched` (literals) with `inputs`, bool[cycles, inputs]."""
    simulation = Simulation(circuit, 1, np.bool_)
    rows = []
    for row in inputs:
        simulation.step(row[:, None])
        rows.append(simulation.values(watched)[:, 0])
        simulation.clock()
    return np.array(rows, dtype=np.bool_).reshape(len(inputs), len(watched))


def _levels(circuit: Circuit) -> Iterator[tuple[IntColumn, IntColumn, IntColumn]]:
    """Yield (variables, their left and right operands) of gates that depend on earlier levels only."""
    level = [0] * circuit.variables
    by_level: dict[int, list[int]] = {}
    for number, (left, right) in enumerate(circuit.gates):
        own = circuit.first_gate + number
        level[own] = 1 + max(level[left >> 1], level[right >> 1])
        by_level.setdefault(level[own], []).append(number)
    for one in sorted(by_level):
        numbers = by_level[one]
        pairs = np.array([circuit.gates[number] for number in numbers], dtype=np.int64)
        yield np.array(numbers, dtype=np.int64) + circuit.first_gate, pairs[:, 0], pairs[:, 1]
