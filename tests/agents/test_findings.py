"""A failing test is confirmed in a fresh process, shrunk, and kept with its waveform."""

import json
from pathlib import Path

import pytest

from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.failures.triage import triage
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import FailureRecord
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test, parse_test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.runners.registry import find_simulator


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
    (finding,) = triage(broken, simulator, (FailureRecord(index=3, test=test, failures=result.failures),), tmp_path)
    assert finding.failure.check == "value"
    assert finding.failure.expected != finding.failure.seen
    assert finding.steps > 100
    assert finding.shrunk_steps <= 3
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
    assert triage(bench.folder, find_simulator("icarus"), (record,), tmp_path) == ()


def test_shrinking_gives_the_test_back_when_nothing_fails(bench: Testbench, broken: DesignFolder) -> None:
    test = Test(tracks={"in": ({"row": [{"m": [-128, -128], "e": 3}, {"m": [64, 64], "e": 3}]},)})
    with find_simulator("icarus").open(broken.design) as session:
        failure = Testbench(broken, bench.plan, session).run(test).failures[0]
    folder = bench.folder
    assert shrink(folder.design, folder.schema, test, failure, lambda _: ()) is test
