"""A failing test is confirmed in a fresh process, shrunk, and kept with its waveform."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.agents.failures.attempts import Limits, Tried
from dv_agent.agents.failures.finding import Finding
from dv_agent.agents.failures.log import FailureLog
from dv_agent.agents.failures.reduction import reduce_list, simpler_numbers
from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.failures.traits import Sign
from dv_agent.agents.failures.triage import triage
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import FailureRecord
from dv_agent.designs.benchmark.patch import apply_patch
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test, parse_test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session


def log_of(*records: FailureRecord) -> FailureLog:
    log = FailureLog()
    for one in records:
        log = log.add(one)
    return log


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> DesignFolder:
    folder = find_design("mxint_softmax")
    bug = next(bug for bug in load_bugs(folder) if bug.id == "S1b")
    return broken_copy(folder, bug, tmp_path_factory.mktemp("broken"))


def test_a_random_failure_shrinks_to_its_core(broken: DesignFolder, bench: Testbench, tmp_path: Path) -> None:
    simulator = find_simulator("icarus")
    blocks = {"in": ({"random": {"count": 40}},), "out": ({"random": {"count": 20}},)}
    with simulator.open(broken.design) as session:
        runs = (Testbench(broken, bench.plan, session).run(Test(seed=seed, tracks=blocks)) for seed in range(50))
        result = next(result for result in runs if result.failures)
    test = result.test
    (finding,) = triage(
        broken, simulator, log_of(FailureRecord(index=3, test=test, failures=result.failures)), tmp_path
    ).findings
    assert finding.failure.check == "value"
    assert finding.failure.expected != finding.failure.seen
    assert finding.steps > 100
    assert finding.shrunk_steps <= 3
    assert finding.sizes == f"shrunk from {finding.steps} to {finding.shrunk_steps} operations"
    assert finding.behind == "failing tests behind it: 1"
    room = tmp_path / "failures" / "3"
    assert (room / "waves.fst").stat().st_size > 500
    assert str(room / "waves.fst") in finding.open_command
    small = parse_test(json.loads((room / "shrunk.json").read_text()), broken.design)
    assert bench.run(small).failures == ()
    with simulator.open(broken.design) as session:
        again = Testbench(broken, bench.plan, session).run(small)
    assert again.failures[0] == finding.failure
    assert json.loads((room / "failure.json").read_text())["message"] == finding.failure.message


def test_a_failure_that_a_fresh_process_does_not_show_is_no_finding(
    broken: DesignFolder, bench: Testbench, tmp_path: Path
) -> None:
    test = Test(tracks={"in": ({"row": [{"m": [-128, -128], "e": 3}, {"m": [64, 64], "e": 3}]},)})
    with find_simulator("icarus").open(broken.design) as session:
        failures = Testbench(broken, bench.plan, session).run(test).failures
    assert failures
    record = FailureRecord(index=0, test=test, failures=failures)
    found = triage(bench.folder, find_simulator("icarus"), log_of(record), tmp_path)
    assert found.findings == ()
    assert found.notes == (
        "value on out.m: failing tests: 1, not one of those looked into fails again in a fresh process",
    )


def test_shrinking_gives_the_test_back_when_nothing_fails(bench: Testbench, broken: DesignFolder) -> None:
    test = Test(tracks={"in": ({"row": [{"m": [-128, -128], "e": 3}, {"m": [64, 64], "e": 3}]},)})
    with find_simulator("icarus").open(broken.design) as session:
        failure = Testbench(broken, bench.plan, session).run(test).failures[0]
    folder = bench.folder
    shrunk = shrink(folder.design, folder.schema, test, failure, lambda _: Tried((), 10))
    assert shrunk.test is test
    assert shrunk.stopped == "it does not fail again with value on out.m"


def runner(folder: DesignFolder, session: Session) -> Callable[[Test], Tried]:
    def run(test: Test) -> Tried:
        done = session.run(expand(folder.design, folder.schema, test))
        failures = check(folder.design, done.trace, folder.model.observe(done.trace))
        return Tried(failures, done.trace.cycles, done.step_starts)

    return run


def operations(folder: DesignFolder, test: Test) -> int:
    return sum(map(len, expand(folder.design, folder.schema, test).tracks.values()))


def broken_design(name: str, room: Path, *bugs: str) -> DesignFolder:
    """A copy of a design with some of its seeded bugs, all at once."""
    folder = find_design(name)
    known = {bug.id: bug for bug in load_bugs(folder)}
    copy = broken_copy(folder, known[bugs[0]], room)
    for bug in bugs[1:]:
        apply_patch(folder.path / "bugs" / known[bug].patch, copy.design.folder)
    return copy


def test_a_test_of_1643_operations_shrinks_to_a_handful_the_same_one_each_time_and_within_its_limits(
    tmp_path: Path,
) -> None:
    folder = broken_design("lqer_dot", tmp_path, "Q2")
    long = parse_test(json.loads((Path(__file__).parent / "long_failing_test.json").read_text()), folder.design)
    simulator = find_simulator("icarus")
    with simulator.open(folder.design) as session:
        run = runner(folder, session)
        failure = run(long).failures[0]
        one = shrink(folder.design, folder.schema, long, failure, run)
        short = shrink(folder.design, folder.schema, long, failure, run, Limits(tests=12))
        again = shrink(folder.design, folder.schema, long, failure, run, Limits(tests=12))
    assert operations(folder, long) == 1643
    assert operations(folder, one.test) <= 6
    assert (one.stopped, one.cycles < 60_000, one.tests < 400) == ("", True, True)
    assert confirm(simulator, folder.design, expand(folder.design, folder.schema, one.test), folder.model)
    assert (short.tests, short.stopped) == (12, "stopped after 12 tests")
    assert short.test == again.test
    assert 6 < operations(folder, short.test) < 1643


def random_failures(folder: DesignFolder, tests: Iterator[Test], most: int) -> FailureLog:
    """The failing ones of some tests."""
    log = FailureLog()
    with find_simulator("icarus").open(folder.design) as session:
        run = runner(folder, session)
        for index, test in enumerate(tests):
            done = run(test)
            if done.failures:
                log = log.add(FailureRecord(index=index, test=test, failures=done.failures, cycles=done.cycles))
            if len(log) >= most:
                return log
    return log


def test_one_bug_hit_by_fifty_tests_is_one_finding_with_its_smallest_test(tmp_path: Path) -> None:
    folder = broken_design("block_quant", tmp_path, "B6")
    tests = (Test(seed=n, tracks={"in": ({"random": {"count": 2 + n % 3, "fmt": [0, 1]}},)}) for n in range(200))
    log = random_failures(folder, tests, 50)
    assert len(log) == 50
    assert len(log.kept) <= 16
    found = triage(folder, find_simulator("icarus"), log, tmp_path / "run")
    (finding,) = found.findings
    assert (finding.tests, finding.apart, found.notes) == (50, 0, ())
    assert finding.merged
    assert finding.shrunk_steps == 8  # one block
    assert finding.behind.startswith("failing tests behind it: 50, of which ")
    assert (tmp_path / "run" / "failures" / str(finding.test_index) / "finding.json").is_file()


def test_two_bugs_on_one_port_are_two_findings(tmp_path: Path) -> None:
    folder = broken_design("block_quant", tmp_path, "B6", "B8")
    home = Path(shutil.copytree(folder.path, tmp_path / "home"))
    with (home / "model.py").open("a", encoding="utf-8") as model:  # levels would tell the two apart at once
        model.write("\n\ndef levels(*_: object) -> dict[str, IntColumn]:\n    return {}\n")
    folder = DesignFolder(folder.design, home=home)
    few = [Test(seed=n, tracks={"in": ({"random": {"count": 2, "fmt": [0, 1]}},)}) for n in range(6)]
    long = [Test(seed=n, tracks={"in": ({"random": {"count": 20, "profile": "spread", "fmt": 0}},)}) for n in range(6)]
    log = random_failures(folder, iter([*few, *long]), 50)
    assert len(log.counts) == 1  # the same check on the same field of the same port
    found = triage(folder, find_simulator("icarus"), log, tmp_path / "run")
    by_size = sorted(one.shrunk_steps for one in found.findings)
    assert by_size == [8, 24]  # one block of one format; three blocks of another
    assert sum(one.tests for one in found.findings) + found.findings[0].apart == len(log)
    assert {one.failure.port for one in found.findings} == {"out"}


def failure(field: str = "m", seen: int = 1) -> CheckFailure:
    return CheckFailure(check="value", port="out", field=field, expected=0, seen=seen, message="wrong")


def record(index: int, cycles: int, *failures: CheckFailure) -> FailureRecord:
    return FailureRecord(index=index, test=Test(), failures=failures or (failure(),), cycles=cycles)


def test_a_small_test_that_comes_late_is_looked_into_first_and_all_are_counted() -> None:
    log = log_of(*(record(index, 5_000 - index) for index in range(300)), record(300, 7))
    assert len(log) == 301
    assert len(log.kept) <= 16
    assert [one.index for one in log.candidates()][:2] == [300, 0]
    assert log == log_of(*(record(index, 5_000 - index) for index in range(300)), record(300, 7))


def test_kinds_take_turns_and_lanes_are_one_kind() -> None:
    log = log_of(record(0, 9, failure("m[0]")), record(1, 8, failure("m[3]")), record(2, 90, failure("e")))
    assert [str(kind) for kind in log.counts] == ["value on out.m", "value on out.e"]
    assert [one.index for one in log.candidates()] == [1, 2, 0]


def test_a_test_that_was_not_shrunk_to_its_end_is_like_what_it_contains() -> None:
    small, large = frozenset({"in: x"}), frozenset({"in: x", "in: y", "cfg: a", "cfg: b"})
    assert not Sign(failure(), small).like(Sign(failure(), large))
    assert Sign(failure(), small).like(Sign(failure(), large, whole=False))
    assert not Sign(failure("m"), small).like(Sign(failure("e"), small))
    assert Sign(failure("m[0]"), large).like(Sign(failure("m[1]"), large))


def test_a_finding_says_why_its_test_was_not_shrunk() -> None:
    plain = Finding(
        test_index=0, failure=failure(), steps=9, shrunk_steps=9, folder="failures/0", open_command="surfer waves.fst"
    )
    assert plain.sizes == "not shrunk: nothing smaller than its 9 operations fails so"
    stopped = plain.model_copy(update={"not_shrunk": "stopped after 12 tests"})
    assert stopped.sizes == "not shrunk: stopped after 12 tests"
    assert "not shrunk: stopped after 12 tests" in "\n".join(stopped.lines())
    part = stopped.model_copy(update={"shrunk_steps": 4})
    assert part.sizes == "shrunk from 9 to 4 operations (stopped after 12 tests)"


@given(st.lists(st.integers(0, 50), max_size=40, unique=True), st.sets(st.integers(0, 50), max_size=4))
def test_delta_debugging_keeps_what_is_needed_and_nothing_else(items: list[int], needed: set[int]) -> None:
    asked = []

    def good(left: list[int]) -> bool:
        asked.append(left)
        return needed & set(items) <= set(left)

    left = reduce_list(items, good)
    assert left == [one for one in items if one in needed]
    assert len(asked) <= 8 * len(items) + 8


@given(st.integers(-(1 << 40), 1 << 40))
def test_simpler_numbers_are_nearer_to_zero(value: int) -> None:
    found = simpler_numbers(value)
    assert all(abs(one) < abs(value) for one in found)
    assert (not found) == (value == 0)
