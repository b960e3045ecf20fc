"""Proofs of equivalence against the truth: small random circuits with a gate changed, whose states can all be tried."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from dv_agent.designs.properties.answer import Answer
from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.equivalence import prints, same_at_pins
from dv_agent.runners.formal.equivalence.lemmas import of_states
from dv_agent.runners.formal.equivalence.paired_circuits import Lemma
from dv_agent.runners.formal.equivalence.reference import Reference
from dv_agent.runners.formal.netlist import Netlist

pytest.importorskip("pysat")
INPUTS, REGISTERS, GATES = 2, 5, 14
FIRST_GATE = 1 + INPUTS + REGISTERS


def random_netlist(seed: int) -> Netlist:
    """A circuit whose last register is driven by a rare condition, as the states of control logic are."""
    draw = random.Random(seed)
    gates = [tuple(draw.randrange(2, 2 * (FIRST_GATE + number)) for _ in range(2)) for number in range(GATES)]
    ends = range(2 * (FIRST_GATE + 4), 2 * (FIRST_GATE + GATES))
    circuit = Circuit(INPUTS, tuple(draw.sample(ends, REGISTERS)), tuple(gates), {"started": 1})  # type: ignore[arg-type]
    names = {f"r[{number}]": 2 * (1 + INPUTS + number) for number in range(REGISTERS)}
    return Netlist(circuit, tuple(range(INPUTS)), (), tuple(draw.sample(ends, 2)), registers=names)


def changed(netlist: Netlist, seed: int) -> Netlist:
    """One operand of a gate or one register is another literal; or a register has no counterpart by name."""
    draw = random.Random(seed)
    circuit = netlist.circuit
    number = draw.randrange(GATES)
    gates = list(circuit.gates)
    gates[number] = (gates[number][0], draw.randrange(2, 2 * (FIRST_GATE + number)))
    names = dict(netlist.registers)
    if draw.random() < 0.3:
        del names[f"r[{draw.randrange(REGISTERS)}]"]
    return replace(netlist, circuit=replace(circuit, gates=tuple(gates)), registers=names)


def values(circuit: Circuit, state: Sequence[bool], inputs: Sequence[bool]) -> list[bool]:
    found = [False, *inputs, *state]
    for left, right in circuit.gates:
        found.append((found[left >> 1] ^ bool(left & 1)) and (found[right >> 1] ^ bool(right & 1)))
    return found


def of(found: Sequence[bool], literals: Sequence[int]) -> tuple[bool, ...]:
    return tuple(found[one >> 1] ^ bool(one & 1) for one in literals)


def ever_differ(one: Netlist, two: Netlist) -> bool:
    """Try every input in every state that both can be in at once."""
    waiting = [((False,) * REGISTERS,) * 2]
    known = set(waiting)
    while waiting:
        pair = waiting.pop()
        for inputs in itertools.product((False, True), repeat=INPUTS):
            both = [values(net.circuit, state, inputs) for net, state in zip((one, two), pair, strict=True)]
            if of(both[0], one.seen) != of(both[1], two.seen):
                return True
            new = (of(both[0], one.circuit.next), of(both[1], two.circuit.next))
            if new not in known:
                known.add(new)
                waiting.append(new)
    return False


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short simulations suggest much that is wrong, which the proof has to find out; without `pdr`, which is slow."""
    monkeypatch.setattr(prints, "_CYCLES", 3)
    monkeypatch.setattr(prints, "_STATES", 1)
    monkeypatch.setattr("dv_agent.runners.formal.equivalence.lemmas._EXPECTED", 0.0)
    monkeypatch.setattr(same_at_pins, "prove", lambda *_: Answer(verdict="unknown"))


@pytest.mark.usefixtures("quick")
def test_what_is_proved_equivalent_never_differs_in_any_reachable_state() -> None:
    verdicts: dict[tuple[str, bool], int] = {}
    for seed in range(8):
        clean = random_netlist(seed)
        reference = same_at_pins.Reference(clean)
        for number in range(2):
            other = changed(clean, 100 * seed + number)
            verdict = same_at_pins.same_at_pins(reference, other, 20.0).verdict
            key = (verdict, ever_differ(clean, other))
            verdicts[key] = verdicts.get(key, 0) + 1
    assert ("equivalent", True) not in verdicts
    assert ("differs", False) not in verdicts
    assert verdicts[("equivalent", False)] >= 3
    assert verdicts[("differs", True)] >= 3


def reachable(netlist: Netlist) -> set[tuple[bool, ...]]:
    waiting = [(False,) * REGISTERS]
    known = set(waiting)
    while waiting:
        state = waiting.pop()
        for inputs in itertools.product((False, True), repeat=INPUTS):
            new = of(values(netlist.circuit, state, inputs), netlist.circuit.next)
            if new not in known:
                known.add(new)
                waiting.append(new)
    return known


@pytest.mark.usefixtures("quick")
def test_a_lemma_is_taken_as_proved_only_if_it_holds_in_every_reachable_state() -> None:
    def holds(lemma: Lemma, clean: Netlist, states: set[tuple[bool, ...]]) -> bool:
        literals = [literal for _, literal in lemma]
        return not any(all(of(values(clean.circuit, one, (False,) * INPUTS), literals)) for one in states)

    suggested = proved = 0
    for seed in range(12):
        clean = random_netlist(seed)
        reference, states = Reference(clean), reachable(clean)
        registers = reference.seen("registers").tests.seen[:REGISTERS]
        suggested += sum(not holds(one, clean, states) for one in of_states(clean, registers))
        lemmas = reference.lemmas("registers", 20.0, lambda _: None)
        proved += len(lemmas)
        assert all(holds(one, clean, states) for one in lemmas)
    assert suggested > 5  # wrong ones, which must not be proved
    assert proved > 5
