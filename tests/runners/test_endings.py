"""How a test ended: one that starved is told from one that hung, and what was cut short is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_fixtures import Opener, bits, make_design, stream

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.ending import Ended, Waiting, ending_notes, ending_words, waiting_of
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check


def joiner(fault: int = 0) -> Design:
    """Two inputs that need each other."""
    ports = {
        "a": stream("source", "a", {"x": bits("a_x", 8)}),
        "b": stream("source", "b", {"x": bits("b_x", 8)}),
        "out": stream("sink", "out", {"y": bits("out_y", 9)}),
    }
    return make_design("joiner", ports, parameters={"FAULT": fault})


class JoinerModel:
    """y = a + b, pair by pair; an input waits for the other one."""

    def __init__(self, patient: bool = True) -> None:
        self._patient = patient

    def observe(self, trace: Trace) -> Observation:
        """Either input may wait, unless both are there."""
        a, b = trace.accepted["a"], trace.accepted["b"]
        expected = Expected(a.epoch, {"y": a.columns["x"] + b.columns["x"]}, a.cycle)
        both = bool(trace.signals["a_valid"][-1] & trace.signals["b_valid"][-1])
        waits = frozenset({"a", "b"} if self._patient and not both else ())
        return Observation({"out": expected}, {}, waits)


def sends(count: int) -> tuple[Op, ...]:
    """Beats 1, 2, 3 and so on."""
    return tuple(Op("send", value + 1) for value in range(count))


def play(
    open_session: Opener, a: int, b: int, fault: int = 0, patient: bool = True
) -> tuple[Ended, tuple[CheckFailure, ...]]:
    """So many beats on each input."""
    design, model = joiner(fault), JoinerModel(patient)
    trace = open_session(design).run(Program({"a": sends(a), "b": sends(b)}, 500)).trace
    observation = model.observe(trace)
    failures = check(design, trace, observation)
    return Ended(3, trace.end, trace.cycles, bool(failures), waiting_of(design, trace, observation)), failures


def test_an_input_without_its_partner_starves_and_nothing_fails(open_session: Opener) -> None:
    ended, failures = play(open_session, a=5, b=3)
    assert (ended.end, failures, ended.starved) == (End.DEADLOCK, (), True)
    assert ended.waiting == Waiting(refused=("a",), spent=("b",), allowed=True, complete=True)
    assert ending_words(ended) == (
        f"ended waiting after {ended.cycles} cycles, as the reference model allows: a offered a beat that was not "
        "accepted, while b had none left; every expected output came"
    )


def test_a_design_that_hangs_with_both_inputs_there_is_a_deadlock(open_session: Opener) -> None:
    ended, failures = play(open_session, a=5, b=5, fault=1)
    assert {one.check for one in failures} == {"deadlock"}
    assert not ended.starved
    assert ending_words(ended) == (
        f"deadlock after {ended.cycles} cycles: a and b offered beats that were not accepted; "
        "every expected output came"
    )


def test_an_output_that_is_missing_stays_lost_where_a_test_starves(open_session: Opener) -> None:
    ended, failures = play(open_session, a=5, b=2, fault=2)
    assert [one.check for one in failures] == ["lost"]
    assert ended.starved
    assert ending_words(ended).endswith("; outputs are still due")


def test_where_the_specification_allows_no_waiting_it_is_a_deadlock(open_session: Opener) -> None:
    ended, failures = play(open_session, a=5, b=3, patient=False)
    assert [(one.check, one.port) for one in failures] == [("deadlock", "a")]
    assert ending_words(ended).startswith("deadlock after ")
    assert "while b had none left" in ending_words(ended)


def test_equal_numbers_drain(open_session: Opener) -> None:
    ended, failures = play(open_session, a=4, b=4)
    assert (failures, ended.waiting, ended.starved) == ((), None, False)
    assert ending_words(ended) == f"drained after {ended.cycles} cycles"


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended(0, "cycle_limit", 50_000, False), "ran into the limit of 50,000 cycles that a test may take"),
        (Ended(0, "budget", 1, False), "cut after 1 cycle, where the budget was used up"),
        (Ended(0, "hung", 7, True), "hung after 7 cycles"),
        (Ended(0, "refused", 0, False), "refused"),
        # Records of before tell no more than this.
        (Ended(0, "deadlock", 9, False), "ended waiting after 9 cycles, as the reference model allows"),
        (Ended(0, "deadlock", 9, True), "deadlock after 9 cycles"),
    ],
)
def test_every_end_has_words(ended: Ended, words: str) -> None:
    assert ending_words(ended).startswith(words)


def test_what_a_reader_must_know_besides_the_checks() -> None:
    tests = [
        Ended(0, "drained", 100, False), Ended(1, "cycle_limit", 500, False), Ended(2, "cycle_limit", 500, True),
        Ended(3, "deadlock", 20, False), Ended(4, "deadlock", 30, True), Ended(5, "budget", 50, False),
    ]  # fmt: skip
    limit, cut, starved = ending_notes(tests)
    assert limit.startswith(
        "2 of 6 tests (tests 1, 2) ran into the limit of 500 cycles that a test may take, 1,000 of 1,200"
    )
    assert cut.startswith("test 5 was cut after 50 cycles, where the budget was used up")
    assert starved.startswith("1 of 6 tests (test 3) ended waiting")
    assert list(ending_notes([Ended(0, "drained", 100, True)])) == []


WAITING = st.builds(lambda allowed: Waiting(refused=("a",), allowed=allowed), st.booleans())
ENDS = st.builds(
    Ended, st.integers(0, 99), st.sampled_from(["drained", "deadlock", "cycle_limit", "budget", "refused"]),
    st.integers(0, 60_000), st.booleans(), st.none() | WAITING,
)  # fmt: skip


@given(ended=ENDS)
def test_a_test_that_starved_is_never_called_a_deadlock_and_a_deadlock_never_starved(ended: Ended) -> None:
    words = ending_words(ended)
    assert words.startswith("ended waiting") == ended.starved
    assert words.startswith("deadlock") == (ended.end == "deadlock" and not ended.starved)
    assert len(list(ending_notes([ended]))) == (ended.starved or ended.end in ("cycle_limit", "budget"))
