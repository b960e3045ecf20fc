"""Broken designs: each fault gives its own check and no other, and the session works afterwards."""

from __future__ import annotations

import pytest
from runner_fixtures import (
    DATA_X,
    DROP,
    EARLY,
    FINISH,
    FLICKER,
    LOOP,
    MAGIC,
    READY_X,
    SPIN,
    STOP,
    STUCK,
    SWAP,
    TWICE,
    WRONG,
    Opener,
    PipeModel,
    beats,
    pipe,
    program,
)  # fmt: skip

from dv_agent.designs.program import Op
from dv_agent.designs.trace import End
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.icarus import IcarusSimulator

POISON = program(in_=beats(1, 2, MAGIC, 3, 4), out=(Op("stall", 8),))
# These need another rhythm: a magic beat that overtakes a lone one, one that stands at the exit while stalled, and a
# first cycle without any input.
POISONS = {
    EARLY: program(in_=beats(1, 2, gap=3)),
    SWAP: program(in_=beats(1, 2, 3, MAGIC, 4)),
    FLICKER: program(in_=beats(1, 2, MAGIC, 3, 4), out=(Op("accept", 2), Op("stall", 4))),
}
HARMLESS = program(in_=beats(1, 2, 3))


@pytest.mark.parametrize(
    ("fault", "end", "checks"),
    [
        (0, End.DRAINED, set()),
        (SPIN, End.HUNG, {"hung"}),
        (LOOP, End.HUNG, {"hung"}),
        (FINISH, End.CRASHED, {"crashed"}),
        (STOP, End.CRASHED, {"crashed"}),
        (DATA_X, End.DRAINED, {"unknown"}),
        (READY_X, End.DEADLOCK, {"unknown", "deadlock"}),
        (FLICKER, End.DRAINED, {"stable"}),
        (STUCK, End.DEADLOCK, {"deadlock"}),
        (DROP, End.DRAINED, {"lost"}),
        (TWICE, End.DRAINED, {"duplicate"}),
        (SWAP, End.DRAINED, {"order"}),
        (WRONG, End.DRAINED, {"value"}),
        (EARLY, End.DRAINED, {"after_reset"}),
    ],
)
def test_each_fault_gives_its_own_check(open_session: Opener, fault: int, end: End, checks: set[str]) -> None:
    design = pipe(fault)
    session = open_session(design)
    trace = session.run(POISONS.get(fault, POISON)).trace
    assert trace.end == end
    failures = check(design, trace, PipeModel().observe(trace))
    assert {failure.check for failure in failures} == checks, [str(failure) for failure in failures]
    harmless = session.run(HARMLESS).trace
    assert harmless.end == End.DRAINED
    assert harmless.accepted["in"].columns["data"].tolist() == [1, 2, 3]


def test_a_hang_or_crash_keeps_what_was_seen_before(open_session: Opener) -> None:
    for fault in (SPIN, FINISH):
        trace = open_session(pipe(fault)).run(program(in_=beats(1, 2, MAGIC, 3))).trace
        assert trace.accepted["in"].columns["data"].tolist() == [1, 2, MAGIC]
        assert trace.accepted["out"].columns["data"].tolist() == [1, 2]
    assert "magic was pushed" in trace.message


def test_deadlock_names_the_port_and_the_cycle(open_session: Opener) -> None:
    design = pipe(STUCK)
    trace = open_session(design).run(program(in_=beats(1, MAGIC, 3))).trace
    (failure,) = check(design, trace, PipeModel().observe(trace))
    assert (failure.port, failure.cycle, failure.field) == ("in", 2, "in_ready")
    assert trace.cycles <= 2 + 2 * design.limits.quiet_cycles


def test_a_wrong_value_names_field_lane_and_both_values(open_session: Opener) -> None:
    design = pipe(WRONG)
    trace = open_session(design).run(POISON).trace
    (failure,) = check(design, trace, PipeModel().observe(trace))
    assert (failure.port, failure.index, failure.field) == ("out", 2, "data")
    assert (failure.expected, failure.seen) == (MAGIC, MAGIC ^ 1)
    assert str(failure).startswith("value on out in cycle ")


def test_confirm_repeats_a_failure_in_a_process_of_its_own(simulator: IcarusSimulator) -> None:
    assert [f.check for f in confirm(simulator, pipe(WRONG), POISON, PipeModel())] == ["value"]
    assert confirm(simulator, pipe(), POISON, PipeModel()) == ()
