"""Which parts of two versions seem to have one value in every cycle: found by simulation, to be proved afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from dv_agent.runners.formal.equivalence.lemmas import control_of, of_differences
from dv_agent.runners.formal.equivalence.paired_circuits import Lemma, register_pairs
from dv_agent.runners.formal.equivalence.prints import Prints, in_states, in_tests
from dv_agent.runners.formal.netlist import Netlist


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clean version does in random tests and states; in tests registers are watched, then `control`."""

    tests: Prints
    states: Prints
    control: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """What seems to be alike.

    Attributes:
        same: register of `changed` -> register of `clean` of that name, never seen to differ.
        merged: variable of `changed` -> a literal of `clean`, never seen to differ.
        against: register of `changed` -> the literal of `clean` that it has most of the time.
        lemmas: on when it has not.
    """

    same: dict[int, int]
    merged: dict[int, int]
    against: dict[int, int] = field(default_factory=dict)
    lemmas: tuple[Lemma, ...] = ()


def seen_of(clean: Netlist, zero: Collection[int]) -> Seen:
    """Return what the clean version does. Args: zero: inputs that are always 0."""
    circuit = clean.circuit
    inputs = {one: one for one in range(circuit.inputs) if one not in zero}
    drawn = {1 + one: one for one in inputs}
    drawn |= {circuit.first_register + one: circuit.inputs + one for one in range(len(circuit.next))}
    registers = [2 * (circuit.first_register + one) for one in range(len(circuit.next))]
    control = control_of(clean)
    return Seen(in_tests(clean, inputs, [*registers, *control]), in_states(clean, drawn), tuple(control))


def likeness(
    clean: Netlist, seen: Seen, changed: Netlist, inputs: Mapping[int, int], zero: Collection[int]
) -> Likeness:
    """Compare what both versions do.

    Args:
        inputs: input of `changed` -> input of the pair.
        zero: inputs of the pair that are always 0.
    """
    circuit, pairs = changed.circuit, register_pairs(clean, changed)
    base, begin = circuit.first_register, clean.circuit.first_register
    drawn = {one: name for one, name in inputs.items() if name not in zero}
    registers = [2 * (base + one) for one in range(len(circuit.next))]
    tests = in_tests(changed, drawn, [*registers, *circuit.next])
    same = {
        one: partner
        for one, partner in pairs.items()
        if _alike(seen.tests, begin + partner, tests, base + one) == 2 * (begin + partner)
    }
    states = in_states(changed, _drawn_states(clean, changed, drawn, same))
    merged = _merged(seen, Seen(tests, states))
    against = {one: 2 * (begin + partner) for one, partner in pairs.items() if one not in same}
    unlike = {one: tests.seen[one] ^ seen.tests.seen[pairs[one]] for one in against}
    for one, literal in enumerate(circuit.next):
        if one not in pairs and (found := merged.get(literal >> 1)) is not None:
            against[one] = found ^ (literal & 1)  # what it takes over: it comes a cycle late
            unlike[one] = tests.seen[one] ^ tests.seen[len(circuit.next) + one]
    merged = {one: two for one, two in merged.items() if one >= base and one - base not in same}
    registers_seen, control_seen = np.split(seen.tests.seen, [len(clean.circuit.next)])
    lemmas = of_differences(clean.circuit, registers_seen, unlike, seen.control, control_seen)
    return Likeness(same, merged, against, tuple(lemmas))


def _drawn_states(
    clean: Netlist, changed: Netlist, drawn: Mapping[int, int], same: Mapping[int, int]
) -> dict[int, int]:
    """Return variable of `changed` -> number whose random values it gets, those of `clean` where it stands for it."""
    inputs, base = clean.circuit.inputs, changed.circuit.first_register
    room = inputs + len(clean.circuit.next)  # behind the numbers of the clean version
    found = {1 + one: name if name < inputs else room + name for one, name in drawn.items()}
    room += 1 + max((*drawn.values(), inputs))
    found |= {base + one: room + one for one in range(len(changed.circuit.next))}
    return found | {base + one: inputs + partner for one, partner in same.items()}


def _alike(own: Prints, partner: int, other: Prints, variable: int) -> int | None:
    """Return the literal of `partner` in `own` that is `variable` in `other`."""
    if own.values[partner] != other.values[variable]:
        return None
    return 2 * partner + int(own.first[partner] != other.first[variable])


def _merged(clean: Seen, changed: Seen) -> dict[int, int]:
    """Return variable of `changed` -> the literal of `clean` that does the same, if possible in all states."""
    always: dict[tuple[int, int], int] = {}
    reached: dict[int, int] = {}
    for variable, (one, two) in enumerate(_numbers(clean)):
        always.setdefault((one, two), variable)
        reached.setdefault(one, variable)
    found = {}
    for variable, (one, two) in enumerate(_numbers(changed)):
        partner = always.get((one, two), reached.get(one))
        if partner is not None and (literal := _alike(clean.tests, partner, changed.tests, variable)) is not None:
            found[variable] = literal
    return found


def _numbers(seen: Seen) -> zip[tuple[int, int]]:
    return zip(seen.tests.values.tolist(), seen.states.values.tolist(), strict=True)
