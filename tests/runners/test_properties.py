"""Random programs on a correct design: nothing is lost, nothing is made up, and every trace can be had again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner_fixtures import PipeModel, pipe, same

from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.reference.session import ReferenceSession

SENDS = st.builds(
    lambda data, gap, last: Op("send", data, gap=gap, last=last),
    st.integers(0, (1 << 16) - 1),
    st.integers(0, 4),
    st.integers(0, 1),
)
WAITS = st.one_of(
    st.builds(Op, st.just("at"), st.integers(0, 80)),
    st.builds(lambda count, port: Op("after", count, port=port), st.integers(1, 20), st.sampled_from(["in", "out"])),
)
SOURCE = st.lists(st.one_of(SENDS, SENDS, SENDS, WAITS, st.builds(Op, st.just("idle"), st.integers(1, 9))), max_size=20)
STALLS = WAITS.map(lambda op: op._replace(stall=1))
SINK = st.lists(
    st.one_of(st.builds(Op, st.sampled_from(["ready", "stall", "accept"]), st.integers(1, 8)), WAITS, STALLS),
    max_size=10,
)
RESET = st.lists(st.one_of(st.builds(Op, st.sampled_from(["idle", "pulse"]), st.integers(1, 12)), WAITS), max_size=5)
PROGRAMS = st.builds(
    lambda source, sink, reset: Program({"in": tuple(source), "out": tuple(sink), "reset": tuple(reset)}, 3000),
    SOURCE, SINK, RESET,
)  # fmt: skip


@pytest.fixture(scope="module")
def session(simulator: IcarusSimulator) -> Iterator[CocotbSession]:
    """One process for all examples."""
    with simulator.open(pipe()) as opened:
        yield opened


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=PROGRAMS)
def test_outputs_are_the_inputs_in_order_and_runs_repeat(session: CocotbSession, program: Program) -> None:
    done = session.run(program)
    trace = done.trace
    assert trace.end == End.DRAINED
    assert check(pipe(), trace, PipeModel().observe(trace)) == ()
    again = session.run(program)
    assert same(again.trace, trace)
    assert (again.step_starts, again.released) == (done.step_starts, done.released)
    for port in trace.accepted.values():
        assert not trace.in_reset[port.cycle].any()
        assert np.array_equal(port.epoch, trace.epoch[port.cycle])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sends=st.lists(SENDS, min_size=3, max_size=9), cycle=st.integers(0, 60), count=st.integers(1, 3))
def test_a_sink_that_stalls_until_then_takes_what_waits_in_that_very_cycle(
    session: CocotbSession, sends: list[Op], cycle: int, count: int
) -> None:
    stalled = (Op("at", cycle, stall=1), Op("accept", 1), Op("after", count, port="in", stall=1))
    trace = session.run(Program({"in": tuple(sends), "out": stalled}, 3000)).trace
    took, free = (
        trace.accepted["out"].cycle,
        session.run(Program({"in": tuple(sends)}, 3000)).trace.accepted["out"].cycle,
    )
    assert took[0] == max(free[0], cycle)
    assert len(took) == len(sends)
    assert trace.end == End.DRAINED


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=PROGRAMS)
def test_a_fresh_process_gives_the_same_trace(
    session: CocotbSession, simulator: IcarusSimulator, program: Program
) -> None:
    with simulator.open(pipe()) as fresh:
        assert same(fresh.run(program).trace, session.run(program).trace)


@settings(max_examples=60, deadline=None)
@given(program=PROGRAMS)
def test_the_reference_session_always_passes_its_own_checks(program: Program) -> None:
    trace = ReferenceSession(pipe(), PipeModel()).run(program).trace
    assert check(pipe(), trace, PipeModel().observe(trace)) == ()
    assert not trace.signals
    assert len(trace.in_reset) == len(trace.epoch) == trace.cycles


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sends=st.lists(SENDS, max_size=20))
def test_the_reference_session_accepts_what_the_simulator_accepts(session: CocotbSession, sends: list[Op]) -> None:
    program = Program({"in": tuple(sends)}, 3000)
    fake, real = ReferenceSession(pipe(), PipeModel()).run(program).trace, session.run(program).trace
    for port in ("in", "out"):
        for name, column in real.accepted[port].columns.items():
            assert np.array_equal(fake.accepted[port].columns[name], column)
