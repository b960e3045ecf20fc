"""The test that would cross the bound on cycles is cut there, and whoever plays it again cuts it there too."""

import json
from pathlib import Path

import pytest

from dv_agent.agents.baselines.basic import RandomAgent, ScriptedAgent
from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.failures.triage import triage
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.resimulation import UNLIMITED, resimulate
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState, advance
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.agents.turn import FailureRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.designs.trace import End
from dv_agent.runners.registry import find_simulator

LONG = Test(name="long", tracks={"in": ({"random": {"count": 400}},), "out": ({"random": {"count": 200}},)})
SHORT = Test(name="short", tracks={"in": ({"row": [{"m": [5, -7], "e": 1}]},)})


def empty(bench: Testbench) -> RunState:
    return RunState(empty_coverage(bench.plan))


def record(bench: Testbench, room: Path, bound: int) -> tuple[RunState, RecordedRun]:
    """A run under a bound, and what it left on disk."""
    budget = Budget(cycles=bound, calls=None)
    header = RunHeader(
        id="x", started="now", design="mxint_softmax", task_version=1, agent="random", seed=0, budget=budget,
        target=100, simulator="icarus", hashes={}, versions={}, reproducible=True,
    )  # fmt: skip
    room.mkdir()
    state = run(RandomAgent(7, batch=3), bench, empty(bench), budget, Limits(), RunRecord(room, header))
    return state, read_run(room)


def test_a_test_is_cut_where_the_budget_ends_and_covers_nothing_beyond(bench: Testbench) -> None:
    whole = bench.run(LONG)
    assert whole.trace.end == End.DRAINED
    state, turn = advance(empty(bench), Proposal(tests=(SHORT, LONG, SHORT)), bench, Budget(cycles=300))
    short, cut = turn.tests
    assert (short.end, short.max_cycles) == ("drained", None)
    assert (cut.end, cut.cycles, cut.max_cycles) == ("budget", 300 - short.cycles, 300 - short.cycles)
    assert state.spent.cycles == turn.spent.cycles == 300
    assert set(cut.hits) < set(whole.sample.hits.nonzero()[0].tolist())
    # Outputs are owed that the design had no time to deliver: nothing is lost.
    assert cut.failures == () == state.failures.kept
    assert len(state.failures) == 0
    assert len(whole.trace.accepted["out"]) > 0


@pytest.mark.parametrize("bound", [1, 2, 57, 1_000, 3_333])
def test_what_was_spent_never_exceeds_the_bound(bench: Testbench, tmp_path: Path, bound: int) -> None:
    state, recorded = record(bench, tmp_path / "run", bound)
    tests = [test for turn in recorded.turns for test in turn.tests]
    assert state.spent.cycles == sum(test.cycles for test in tests) == bound == recorded.header.spent.cycles
    assert [test.end for test in tests[:-1]] == ["drained"] * (len(tests) - 1)
    assert recorded.header.stop_reason == "budget:cycles"


def test_a_test_that_just_fits_is_not_cut(bench: Testbench) -> None:
    needed = bench.run(SHORT).trace.cycles
    _, fits = advance(empty(bench), Proposal(tests=(SHORT,)), bench, Budget(cycles=needed))
    _, short = advance(empty(bench), Proposal(tests=(SHORT,)), bench, Budget(cycles=needed - 1))
    assert (fits.tests[0].end, fits.tests[0].max_cycles) == ("drained", None)
    assert (short.tests[0].end, short.tests[0].max_cycles) == ("budget", needed - 1)


def test_the_bound_of_the_design_is_no_budget(bench: Testbench) -> None:
    longest = bench.folder.design.limits.max_cycles
    late = Test(tracks={"in": ({"at": longest}, *SHORT.tracks["in"])})
    _, turn = advance(empty(bench), Proposal(tests=(late,)), bench, Budget(cycles=longest))
    assert (turn.tests[0].end, turn.tests[0].cycles, turn.tests[0].max_cycles) == ("cycle_limit", longest, None)


def test_a_cut_test_is_played_again_as_it_was_from_its_record(bench: Testbench, tmp_path: Path) -> None:
    state, recorded = record(bench, tmp_path / "run", 1_000)
    (cut,) = [test for turn in recorded.turns for test in turn.tests if test.end == "budget"]
    again = bench.run(cut.test, max_cycles=cut.max_cycles)
    assert (again.trace.end, again.trace.cycles) == (End.BUDGET, cut.cycles)
    assert tuple(again.sample.hits.nonzero()[0]) == cut.hits
    for agent in (None, RandomAgent(7, batch=3)):
        done = resimulate(recorded, bench, agent)
        assert done.different == ()
        assert done.state.spent.cycles == 1_000
        assert (done.state.coverage.hits == state.coverage.hits).all()


def test_a_run_that_goes_on_under_a_higher_bound_keeps_its_cut_test(bench: Testbench, tmp_path: Path) -> None:
    _, recorded = record(bench, tmp_path / "run", 500)
    higher = Budget(cycles=900, calls=None)
    book = RunRecord(tmp_path / "run", recorded.header.model_copy(update={"budget": higher}), len(recorded.turns))
    agent = RandomAgent(7, batch=3)
    resumed = run(agent, bench, resimulate(recorded, bench, agent).state, higher, Limits(), book)
    again = read_run(tmp_path / "run")
    ends = [(test.end, test.max_cycles is not None) for turn in again.turns for test in turn.tests]
    assert ends.count(("budget", True)) == 2
    assert ends[-1] == ("budget", True)
    assert resumed.spent.cycles == 900
    done = resimulate(again, bench, RandomAgent(7, batch=3))
    assert (done.different, done.state.spent.cycles) == ((), 900)
    assert (done.state.coverage.hits == resumed.coverage.hits).all()


def test_records_of_before_are_replayed_as_they_were(bench: Testbench, tmp_path: Path) -> None:
    record(bench, tmp_path / "run", 1_000)
    # The test that crosses the bound was finished then, and no line knew `max_cycles`.
    whole, turn = advance(empty(bench), Proposal(tests=(LONG,)), bench, UNLIMITED)
    old = turn.model_copy(update={"budget": Budget(cycles=100), "tests": turn.tests})
    line = json.loads(old.model_dump_json(exclude_defaults=True))
    assert "max_cycles" not in line["tests"][0]
    (tmp_path / "run" / "turns.jsonl").write_text(json.dumps({"kind": "turn", **line}) + "\n")
    done = resimulate(read_run(tmp_path / "run"), bench)
    assert (done.different, done.state.spent.cycles) == ((), whole.spent.cycles)
    assert (done.state.coverage.hits == whole.coverage.hits).all()


def test_a_waveform_of_a_cut_test_ends_where_it_was_cut() -> None:
    folder = find_design("mxint_softmax")
    with find_simulator("icarus").open(folder.design) as session:
        bench = ToolsTestbench(folder, plan_of(folder), session)
        advance(empty(bench), Proposal(tests=(LONG,)), bench, Budget(cycles=123))
        assert bench.trace(LONG).cycles == 123
        advance(empty(bench), Proposal(tests=(SHORT,)), bench, Budget(cycles=10_000))
        assert bench.trace(SHORT).end == End.DRAINED


def test_a_failure_before_the_cut_is_worked_up_within_it(bench: Testbench, tmp_path: Path) -> None:
    folder = find_design("mxint_softmax")
    bug = next(bug for bug in load_bugs(folder) if bug.id == "S1b")
    broken = broken_copy(folder, bug, tmp_path / "copy")
    wrong = {"row": [{"m": [-128, -128], "e": 3}, {"m": [64, 64], "e": 3}]}
    test = Test(tracks={"in": (wrong, {"random": {"count": 200}})})
    with find_simulator("icarus").open(broken.design) as session:
        state, turn = advance(
            empty(bench), Proposal(tests=(test,)), Testbench(broken, bench.plan, session), Budget(cycles=80)
        )
    assert (turn.tests[0].end, bool(turn.tests[0].failures)) == ("budget", True)
    (failed,) = state.failures.kept
    assert len(state.failures) == 1
    assert failed == FailureRecord(index=0, test=test, max_cycles=80, failures=failed.failures, cycles=80)
    (finding,) = triage(broken, find_simulator("icarus"), state.failures, tmp_path).findings
    assert finding.failure.check == failed.failures[0].check
    assert finding.failure.cycle is not None
    assert finding.failure.cycle < 80


def test_the_cycles_that_are_left_are_never_negative() -> None:
    assert Budget(cycles=10).cycles_left(Spent(cycles=4)) == 6
    assert Budget(cycles=10).cycles_left(Spent(cycles=14)) == 0
    assert Budget(cycles=None).cycles_left(Spent(cycles=14)) is None


def test_a_scripted_run_proposes_nothing_after_the_cut(bench: Testbench, tmp_path: Path) -> None:
    budget = Budget(cycles=200)
    header = RunHeader(
        id="x", started="now", design="mxint_softmax", task_version=1, agent="scripted", seed=0, budget=budget,
        target=100, simulator="icarus", hashes={}, versions={}, reproducible=True,
    )  # fmt: skip
    state = run(ScriptedAgent([[LONG], [SHORT]]), bench, empty(bench), budget, Limits(), RunRecord(tmp_path, header))
    assert (state.turn, state.tests, state.spent.cycles) == (1, 1, 200)
