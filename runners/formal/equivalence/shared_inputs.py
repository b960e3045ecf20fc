"""Which inputs two circuits of one environment have in common: what a test drives, and what is undefined in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dv_agent.runners.formal.equivalence.prints import Prints, in_tests
from dv_agent.runners.formal.netlist import Netlist

_STEPS = 8


def shared_inputs(clean: Netlist, changed: Netlist) -> dict[int, int]:
    """Return input of `changed` -> input of `clean`.

    These are the drive vector, the clock, values at power-up of registers of one name, and what else is undefined, such
    as a read beyond a memory, if it is read under the same condition.
    """
    pairs = [*zip(changed.free, clean.free, strict=True), (changed.clock, clean.clock)]
    pairs += [(number, clean.begins[name]) for name, number in changed.begins.items() if name in clean.begins]
    found: dict[int, int] = {}
    taken: set[int] = set()
    for one, other in pairs:
        if one >= 0 and other >= 0 and one not in found and other not in taken:
            found[one] = other
            taken.add(other)
    if undefined(clean) and undefined(changed):
        left, right = _uses(clean, {one: one for one in taken}), _uses(changed, found)
        for part in ((0, 1), (0,), (1,)):
            found |= _alike(left, right, part)
            left = {one: use for one, use in left.items() if one not in found.values()}
            right = {one: use for one, use in right.items() if one not in found}
    return found


_Use = tuple[tuple[int, ...], frozenset[str]]
"""What an undefined input meets in gates, and the names of the registers that take over what depends on it."""


def undefined(netlist: Netlist) -> list[int]:
    """Return the inputs without a name."""
    known = {*netlist.free, *netlist.unknown, *netlist.begins.values(), netlist.clock}
    return [one for one in range(netlist.circuit.inputs) if one not in known]


def _alike(left: Mapping[int, _Use], right: Mapping[int, _Use], part: Sequence[int]) -> dict[int, int]:
    """Return those of `right` -> those of `left` which agree in a part of their use, in their order."""
    places: dict[object, list[int]] = {}
    for one, use in left.items():
        places.setdefault(tuple(use[number] for number in part), []).append(one)
    found = {}
    for one, use in right.items():
        if waiting := places.get(tuple(use[number] for number in part)):
            found[one] = waiting.pop(0)
    return found


def _uses(netlist: Netlist, shared: Mapping[int, int]) -> dict[int, _Use]:
    circuit = netlist.circuit
    waiting = [1 + one for one in undefined(netlist)]
    names = {literal >> 1: name for name, literal in reversed([*netlist.registers.items()])}
    reached: dict[int, set[str]] = {one: set() for one in waiting}
    depends: dict[int, frozenset[int]] = {one: frozenset((one,)) for one in waiting}
    users: dict[int, list[tuple[int, int, int]]] = {}  # variable -> gates with it: gate, literal of it, the other one
    for number, (left, right) in enumerate(circuit.gates):
        if found := depends.get(left >> 1, frozenset()) | depends.get(right >> 1, frozenset()):
            depends[circuit.first_gate + number] = found
            users.setdefault(left >> 1, []).append((circuit.first_gate + number, left, right))
            users.setdefault(right >> 1, []).append((circuit.first_gate + number, right, left))
    for number, literal in enumerate(circuit.next):
        for one in depends.get(literal >> 1, ()):
            reached[one].add(names.get(circuit.first_register + number, ""))
    printed = in_tests(netlist, shared)
    return {one - 1: (_path(one, users, printed), frozenset(reached[one])) for one in waiting}


def _path(variable: int, users: Mapping[int, Sequence[tuple[int, int, int]]], printed: Prints) -> tuple[int, ...]:
    """Return what a variable meets in gates, and what the gate meets that is its only user, and so on."""
    found: list[int] = []
    for _ in range(_STEPS):
        met = users.get(variable, [])
        found += sorted(
            4 * int(printed.values[other >> 1]) + 2 * (own & 1) + ((other ^ int(printed.first[other >> 1])) & 1)
            for _, own, other in met
        )
        if len(met) != 1:
            break
        variable = met[0][0]
    return tuple(found)
