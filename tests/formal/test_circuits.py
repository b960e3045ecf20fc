"""Circuits: AIGER files, bounded model checking, mutual induction, invariants; none of it needs yosys but the last."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from formal_designs import need_yosys
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.designs.properties.answer import Answer
from dv_agent.errors import BuildError
from dv_agent.runners.formal import decision
from dv_agent.runners.formal.aiger import Circuit, read_aiger, write_aiger
from dv_agent.runners.formal.bmc_and_induction import hit_within, inductive
from dv_agent.runners.formal.decision import Effort, decide
from dv_agent.runners.formal.invariants import ASKED, Cube, inductive_part, question
from dv_agent.runners.formal.reachability import SIMPLIFIED, Proof, prove, prove_any, read_invariant
from dv_agent.runners.formal.unrolling import OutOfTimeError

pytest.importorskip("pysat")


def later(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def counter(bits: int, last: int) -> Circuit:
    """A counter that stops at `last` until input 0 is high, which clears it; a property ``is_<n>`` for each value."""
    first = bits_first = 2  # variable 1 is the input, 2 ... the registers
    gates: list[tuple[int, int]] = []

    def gate(left: int, right: int) -> int:
        gates.append((left, right))
        return 2 * (bits_first + bits + len(gates) - 1)

    def equals(value: int) -> int:
        found = 1
        for place in range(bits):
            literal = 2 * (first + place) ^ (0 if value >> place & 1 else 1)
            found = literal if found == 1 else gate(found, literal)
        return found

    stops = equals(last)
    following, carry = [], stops ^ 1
    for place in range(bits):
        own = 2 * (first + place)
        either = gate(gate(own ^ 1, carry) ^ 1, gate(own, carry ^ 1) ^ 1) ^ 1
        following.append(gate(either, 3))
        carry = gate(carry, own)
    properties = {f"is_{value}": equals(value) for value in range(1 << bits)}
    return Circuit(1, tuple(following), tuple(gates), properties)


@settings(max_examples=25)
@given(st.integers(1, 4), st.data())
def test_an_aiger_file_is_read_as_it_was_written(bits: int, data: st.DataObject) -> None:
    circuit = counter(bits, data.draw(st.integers(0, (1 << bits) - 1)))
    name = data.draw(st.sampled_from(sorted(circuit.properties)))
    read, outputs, bad = read_aiger(write_aiger(circuit, name))
    assert (read.inputs, read.next, bad) == (circuit.inputs, circuit.next, ())
    assert [{*one} for one in read.gates] == [{*one} for one in circuit.gates]
    assert outputs == (circuit.properties[name],)


@pytest.mark.parametrize(
    "data", [b"", b"aig 1 1", b"aag 1 1 0 0 0\n", b"aig 9 1 1 1 7\n2 1\n2\n", b"aig 2 1 0 1 1\n4\n\x80"]
)
def test_a_broken_aiger_file_is_an_error(data: bytes) -> None:
    with pytest.raises(BuildError, match="AIGER"):
        read_aiger(data)


def test_a_reduced_circuit_says_the_same_of_what_is_kept() -> None:
    circuit = counter(4, 9)
    part = circuit.reduced(["is_9"])
    assert len(part.gates) < len(circuit.gates)
    assert hit_within(part, ["is_9"], 12, later(), str)[0] == {"is_9": 9}


@pytest.mark.parametrize("last", [0, 3, 6])
def test_each_value_is_hit_in_its_cycle_and_the_others_prove_each_other_unreachable(last: int) -> None:
    circuit = counter(3, last)
    names = [*circuit.properties]
    found, cycles = hit_within(circuit, names, 9, later(), str)
    assert found == {f"is_{value}": value for value in range(last + 1)}
    dead = [name for name in names if name not in found]
    assert sorted(inductive(circuit, dead, 1, later())) == sorted(dead)
    assert cycles == 9


def test_induction_proves_nothing_that_can_be_hit() -> None:
    circuit = counter(3, 6)
    not_at_power_up = [name for name in circuit.properties if name != "is_0"]
    assert [*inductive(circuit, not_at_power_up, 1, later())] == ["is_7"]


def test_a_question_without_time_is_given_up_and_proves_nothing() -> None:
    circuit = counter(4, 9)
    with pytest.raises(OutOfTimeError):
        inductive(circuit, ["is_12"], 1, time.monotonic() - 1)
    assert hit_within(circuit, ["is_12"], 5, time.monotonic() - 1, str) == ({}, 0)


def test_without_registers_everything_is_decided_at_once() -> None:
    circuit = Circuit(2, (), ((2, 4), (2, 3)), {"both": 6, "never": 8, "zero": 0, "one": 1})
    answers = dict(decide(circuit, [*circuit.properties], Effort(seconds=10), str))
    assert {name: one.verdict for name, one in answers.items()} == {
        "both": "reachable", "never": "unreachable", "zero": "unreachable", "one": "reachable",
    }  # fmt: skip


SIX: Cube = ((0, False), (1, True), (2, True))
SEVEN: Cube = ((0, True), (1, True), (2, True))
FIVE_AND_SEVEN: Cube = ((0, True), (2, True))
ZERO: Cube = ((0, False), (1, False), (2, False))


def test_only_a_true_invariant_is_taken_for_one() -> None:
    circuit = counter(3, 5)
    assert inductive_part(circuit, ["is_6"], [SIX, SEVEN], later()) == (SIX, SEVEN)
    assert inductive_part(circuit, ["is_6", "is_7"], [SIX, SEVEN], later()) == (SIX, SEVEN)
    assert inductive_part(circuit, ["is_5"], [SIX, SEVEN], later()) is None  # the property is hit
    assert inductive_part(circuit, ["is_6", "is_5"], [SIX, SEVEN], later()) is None
    assert inductive_part(circuit, ["is_0"], [SIX, SEVEN], later()) is None  # at power-up
    # What a reachable state is in is left out: at once, or because what kept it out is.
    assert inductive_part(circuit, ["is_6"], [ZERO, FIVE_AND_SEVEN, SIX, SEVEN], later()) == (SIX, SEVEN)
    assert inductive_part(counter(3, 7), ["is_6"], [SIX, SEVEN], later()) is None


def test_a_question_knows_what_no_state_was_in_so_far() -> None:
    circuit = counter(3, 7)
    asked, registers = question(circuit, ["is_6", "is_3"], [])
    assert (registers, len(asked.next)) == ((0, 1, 2), 3)
    assert hit_within(asked, [ASKED], 9, later(), str)[0] == {ASKED: 3}
    asked, registers = question(circuit, ["is_6"], [FIVE_AND_SEVEN])  # which is false: so 6 is out of reach
    assert (registers, len(asked.next)) == ((0, 1, 2), 4)
    assert hit_within(asked, [ASKED], 12, later(), str)[0] == {}
    asked, _ = question(circuit, ["is_4", "is_6"], [FIVE_AND_SEVEN])
    assert hit_within(asked, [ASKED], 12, later(), str)[0] == {ASKED: 4}


def test_the_invariant_of_a_file_is_read_by_the_numbers_of_the_registers() -> None:
    text = "# Inductive invariant\n.i 2\n.o 1\n.p 2\n.ilb lo02 lo10\n.ob inv\n-1 1\n01 1\n.e\n"
    assert read_invariant(text) == [[(10, True)], [(2, False), (10, True)]]


def test_pdr_decides_what_the_cheap_methods_leave() -> None:
    need_yosys()
    circuit = counter(4, 9)
    assert prove(circuit, "is_12", 20).verdict == "unreachable"
    found = prove(circuit, "is_7", 20)
    assert (found.verdict, found.depth) == ("reachable", 7)


def test_what_is_known_helps_a_proof_and_proves_nothing_if_it_is_wrong() -> None:
    need_yosys()
    circuit = counter(3, 5)
    proof = prove_any(circuit, ["is_6", "is_7"], 20, [SIX], SIMPLIFIED)
    assert proof.answer.verdict == "unreachable"
    assert inductive_part(circuit, ["is_6", "is_7"], proof.cubes, later()) == proof.cubes
    wrong = prove_any(counter(3, 7), ["is_6"], 20, [FIVE_AND_SEVEN], SIMPLIFIED)
    assert (wrong.answer.verdict, wrong.cubes) == ("unknown", ())
    assert "did not pass its check" in wrong.answer.reason


def test_what_resists_alone_is_proved_together_with_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    need_yosys()
    circuit = counter(4, 9)
    asked: list[tuple[list[str], int]] = []

    def weak(circuit: Circuit, names: list[str], seconds: float, *how: Sequence[Cube]) -> Proof:
        asked.append((names, len(how[0]) if how else 0))
        if how or names == ["is_11"]:
            return prove_any(circuit, names, seconds, *how)
        return Proof(Answer(verdict="unknown", reason="weak"))

    monkeypatch.setattr(decision, "prove_any", weak)
    monkeypatch.setattr(decision, "inductive", lambda *_: [])
    answers = [*decide(circuit, ["is_11", "is_12", "is_14"], Effort(seconds=40), str)]
    assert [(name, one.verdict) for name, one in answers] == [
        ("is_11", "unreachable"), ("is_12", "unknown"), ("is_14", "unknown"), ("is_12", "unreachable"),
        ("is_14", "unreachable"),
    ]  # fmt: skip
    assert asked[-1][0] == ["is_12", "is_14"]
    assert asked[-1][1] > 0
