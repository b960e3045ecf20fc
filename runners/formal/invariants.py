"""Invariants as cubes that no reachable state is in: their check by SAT, and a question in which some are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.unrolling import Unrolling

Cube = tuple[tuple[int, bool], ...]
"""Registers with the values that they do not have together."""
ASKED = "asked"
"""The property of a question: any of several properties."""
_CHUNK = 64  # cubes that are looked at together


def inductive_part(
    circuit: Circuit, names: Sequence[str], cubes: Sequence[Cube], deadline: float
) -> tuple[Cube, ...] | None:
    """Return cubes that prove that none of the properties `names` is ever hit; None if no part of `cubes` does.

    No kept cube holds at power-up, and from a state that is in none of them, with no property hit, the next one is in
    none of them either, and hits none. Cubes that break this are left out until the rest does not.

    Raises:
        OutOfTimeError: no result in time.
    """
    hits = [circuit.properties[name] for name in names]
    with Unrolling(circuit, from_power_up=True, deadline=deadline) as begin:
        if begin.is_possible([begin.any_of([begin.literal(0, one) for one in hits])]):
            return None
    kept = tuple(cube for cube in cubes if any(value for _, value in cube))  # registers are 0 at power-up
    while True:
        with Unrolling(circuit, from_power_up=False, deadline=deadline) as model:
            for one in hits:
                model.always([-model.literal(0, one)])
            for cube in kept:
                model.always([-model.register(0, number) * (1 if value else -1) for number, value in cube])
            if model.is_possible([model.any_of([model.literal(1, one) for one in hits])]):
                return None
            broken = {*_entered(model, kept)}
        if not broken:
            return kept
        kept = tuple(cube for cube in kept if cube not in broken)


def _entered(model: Unrolling, cubes: Sequence[Cube]) -> Iterator[Cube]:
    """Yield the cubes that the next state can be in."""
    for first in range(0, len(cubes), _CHUNK):
        left = {
            cube: model.all_of([model.register(1, number) * (1 if value else -1) for number, value in cube])
            for cube in cubes[first : first + _CHUNK]
        }
        while left and model.is_possible([model.any_of([*left.values()])]):
            true = [cube for cube, hit in zip(left, model.true_of([*left.values()]), strict=True) if hit]
            yield from true
            left = {cube: one for cube, one in left.items() if cube not in true}


def question(circuit: Circuit, names: Sequence[str], known: Sequence[Cube]) -> tuple[Circuit, tuple[int, ...]]:
    """Return a circuit with the property `ASKED`, hit when one of `names` is and no state before was in a known cube.

    Its registers are those that `names` depend on, and one more behind them if cubes over them are known; the second
    result has their numbers in `circuit`.
    """
    first, last = circuit.first_register, circuit.first_gate
    cone = circuit.cone([circuit.properties[name] for name in names])
    registers = tuple(one - first for one in range(first, last) if one in cone)
    part = circuit.reduced(names)
    place = {number: index for index, number in enumerate(registers)}
    inside = [cube for cube in known if all(number in place for number, _ in cube)]
    gates = list(part.gates)

    def both(left: int, right: int) -> int:
        gates.append((left, right))
        return 2 * (part.first_gate + len(gates) - 1)

    none, holds = 1, 1
    for name in names:
        none = both(none, part.properties[name] ^ 1)
    for cube in inside:
        entered = 1
        for number, value in cube:
            entered = both(entered, 2 * (part.first_register + place[number]) + (not value))
        holds = both(holds, entered ^ 1)
    made = replace(part, gates=tuple(gates), properties={ASKED: none ^ 1})
    return (_from_then_on(made, holds) if inside else made), registers


def _from_then_on(circuit: Circuit, holds: int) -> Circuit:
    """Return a circuit in which `ASKED` is hit only if `holds` is 1, and was in every cycle before."""
    own = circuit.first_gate  # the variable of one register more; gates move up by one

    def moved(literal: int) -> int:
        return literal + 2 * (literal >> 1 >= own)

    gates = [(moved(left), moved(right)) for left, right in circuit.gates]
    first = own + 1 + len(gates)
    gates += [(2 * own + 1, moved(holds)), (2 * first, moved(circuit.properties[ASKED]))]
    registers = (*(moved(one) for one in circuit.next), 2 * first + 1)
    return Circuit(circuit.inputs, registers, tuple(gates), {ASKED: 2 * first + 2})
