"""However a person wanders about the tree: each node has the coverage of a straight replay of its tests."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_help import FAULTY, LENGTHS, Opened, reply, rows

from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import Coverage, empty_coverage
from dv_agent.coverage.storage import to_file
from dv_agent.errors import UsageError

REPLIES = (LENGTHS, FAULTY, reply(rows(1), rows(-7, 7, stall=9)), reply(rows(127, exponent=7)), reply(rows(0, 0)))
STEPS = st.one_of(
    st.tuples(st.just("paste"), st.sampled_from(REPLIES)),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("goto"), st.integers(0, 6)),
    st.tuples(st.just("branch"), st.integers(0, 6)),
    st.tuples(st.just("option"), st.integers(1, 9)),
    st.tuples(st.just("reopen"), st.none()),
)


def straight(session: PromptSession, node: int, bench: Testbench) -> Coverage:
    """All tests of the path, one after the other, from nothing."""
    coverage, index = empty_coverage(bench.plan), 0
    for turn in (one.turn for one in session.path(node) if one.turn):
        for test in turn.tests:
            sample = bench.run(test.test, coverage.open_bins.tolist()).sample
            coverage = coverage.add(sample, f"{index:06}", turn.turn)
            index += 1
    return coverage


def step(opened: Opened, session: PromptSession, what: str, value: Any) -> PromptSession:
    if what == "paste":
        session.paste(value)
    elif what == "undo":
        session.undo()
    elif what == "goto":
        session.goto(value)
    elif what == "branch":
        session.branch(f"b{len(session.nodes)}", value)
    elif what == "option":
        session.set_option("tests", str(value))
    else:
        session.close()
        return opened()
    return session


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=9))
def test_every_node_has_the_coverage_of_a_straight_replay(bench: Testbench, steps: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as room, ExitStack() as stack:
        opened = Opened(Path(room) / "s", bench, stack)
        session = opened()
        for what, value in steps:
            before = (session.current, session.nodes)
            try:
                session = step(opened, session, what, value)
            except UsageError:
                assert (session.current, session.nodes) == before
        current, drafts = session.current, {which: session.draft(which) for which in session.nodes}
        session.close()
        session = opened()
        assert session.current == current
        for which in session.nodes:
            state = session.state(which)
            assert to_file(state.coverage) == to_file(straight(session, which, bench))
            assert state.tests == sum(len(one.turn.tests) for one in session.path(which) if one.turn)
            assert session.draft(which) == drafts[which]
