"""The loop on real RTL: what it returns, what it records, and when it stops."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from turn_lines import turn_lines

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import NullAgent, OracleAgent, RandomAgent, ScriptedAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.proposal import Proposal, Usage
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord, new_folder
from dv_agent.agents.state import RunState, advance
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.storage import load_coverage
from dv_agent.coverage.totals import overall_totals
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.language.stimulus import Test
from dv_agent.errors import OutputError
from dv_agent.prompts.view import View

ROW = {"row": [{"m": [5, -7], "e": 1}]}


def header(budget: Budget) -> RunHeader:
    return RunHeader(
        id="x", started="now", design="mxint_softmax", task_version=1, agent="test", seed=0, budget=budget, target=100,
        simulator="icarus", hashes={}, versions={}, reproducible=budget.reproducible,
    )  # fmt: skip


def drive(
    agent: Agent, bench: Testbench, out: Path, budget: Budget, limits: Limits | None = None
) -> tuple[RunState, Path]:
    folder = new_folder(out, "mxint_softmax", agent.name, None)
    record = RunRecord(folder, header(budget))
    state = run(agent, bench, RunState(empty_coverage(bench.plan)), budget, limits or Limits(), record)
    return state, folder


def turns(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in turn_lines(folder / "turns.jsonl")]


def test_the_oracle_closes_all_bins(bench: Testbench, tmp_path: Path) -> None:
    agent = OracleAgent(load_witnesses(bench.folder))
    state, folder = drive(agent, bench, tmp_path, Budget())
    written = json.loads((folder / "run.json").read_text())
    assert overall_totals(state.coverage).bins_hit == len(bench.plan.bins) == written["bins_hit"] == written["bins"]
    assert written["stop_reason"] == "target"
    assert written["status"] == "finished"
    assert not state.failures
    saved = load_coverage(bench.plan, folder / "coverage.json")
    assert (saved.hits == state.coverage.hits).all()


def test_the_record_holds_every_test_and_adds_up(bench: Testbench, tmp_path: Path) -> None:
    state, folder = drive(RandomAgent(3, batch=4), bench, tmp_path, Budget(cycles=15_000))
    records = [TurnRecord.model_validate({k: v for k, v in line.items() if k != "kind"}) for line in turns(folder)]
    tests = [test for record in records for test in record.tests]
    assert [test.index for test in tests] == list(range(state.tests))
    assert sum(test.cycles for test in tests) == state.spent.cycles >= 15_000
    assert sum(len(test.new_bins) for test in tests) == overall_totals(state.coverage).bins_hit
    again = [bench.run(test.test) for test in tests[:3]]
    assert [tuple(result.sample.hits.nonzero()[0]) for result in again] == [test.hits for test in tests[:3]]


def test_the_same_seed_gives_the_same_run(bench: Testbench, tmp_path: Path) -> None:
    runs = [drive(RandomAgent(seed, batch=3), bench, tmp_path, Budget(cycles=8_000)) for seed in (1, 1, 2)]
    first, same, other = (
        [[test["test"] for test in turn["tests"]] for turn in turns(folder)]  # type: ignore[attr-defined]
        for _, folder in runs
    )
    assert first == same != other
    assert (runs[0][0].coverage.hits == runs[1][0].coverage.hits).all()


def test_null_covers_what_silence_covers(bench: Testbench, tmp_path: Path) -> None:
    state, folder = drive(NullAgent(), bench, tmp_path, Budget())
    hit = {bench.plan.bins[i].id for i in range(len(bench.plan.bins)) if state.coverage.covered[i]}
    assert hit == {"occupancy.fifo_phase.empty+row", "occupancy.queue_phase.empty+row"}
    assert json.loads((folder / "run.json").read_text())["stop_reason"] == "agent_done"


@pytest.mark.parametrize(
    ("budget", "limits", "reason"),
    [
        (Budget(cycles=500), Limits(), "budget:cycles"),
        (Budget(seconds=0.001), Limits(), "budget:seconds"),
        (Budget(), Limits(target=1), "target"),
        (Budget(), Limits(patience=2), "stalled"),
    ],
)
def test_why_a_run_ends(bench: Testbench, tmp_path: Path, budget: Budget, limits: Limits, reason: str) -> None:
    same = [Test(tracks={"in": (ROW,)})]
    _, folder = drive(ScriptedAgent([same] * 50), bench, tmp_path, budget, limits)
    written = json.loads((folder / "run.json").read_text())
    assert written["stop_reason"] == reason
    assert written["reproducible"] is (budget.seconds is None)


def test_a_refused_test_is_told_and_the_others_run(bench: Testbench) -> None:
    state = RunState(empty_coverage(bench.plan))
    bad = Test(tracks={"in": ({"row": [{"m": [5, 999], "e": 1}]},)})
    proposal = Proposal(tests=(bad, Test(tracks={"in": (ROW,)})), usage=Usage(calls=1, input_tokens=7, output_tokens=3))
    after, turn = advance(state, proposal, bench, Budget())
    assert turn.tests[0].error == "tracks.in[0].row[0].m[1]: 999 is outside -128..127"
    assert turn.tests[1].end == "drained"
    assert after.errors == ("test 0: tracks.in[0].row[0].m[1]: 999 is outside -128..127",)
    assert (after.spent.calls, after.spent.tokens) == (1, 10)
    assert [outcome.end for outcome in after.last] == ["refused", "drained"]


def test_a_near_miss_names_the_step_that_came_nearest(bench: Testbench) -> None:
    rows = ({"row": [{"m": 0, "e": 0, "times": 1}]}, {"row": [{"m": 0, "e": 0, "times": 5}]}, ROW)
    wanted = bench.plan.index("row.length.8")
    result = bench.run(Test(tracks={"in": rows}), [wanted])
    (near,) = result.near
    assert (near.bin, near.distance) == (wanted, 3)
    assert near.steps["in"] == 1


class Broken:
    """An agent that fails in its second turn."""

    name = "broken"

    def propose(self, view: View) -> Proposal:
        if view.turn:
            raise KeyboardInterrupt
        return Proposal(tests=(Test(tracks={"in": (ROW,)}),))


def test_what_was_done_stays_recorded_when_a_run_breaks(bench: Testbench, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        drive(Broken(), bench, tmp_path, Budget())
    (folder,) = tmp_path.iterdir()
    written = json.loads((folder / "run.json").read_text())
    assert (written["status"], written["turns"]) == ("interrupted", 1)
    assert [line["kind"] for line in turns(folder)] == ["turn"]
    assert load_coverage(bench.plan, folder / "coverage.json").tests == 1


def test_a_folder_that_cannot_be_written_is_one_clear_error(bench: Testbench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another with --out"):
        new_folder(tmp_path / "file" / "runs", "d", "a", None)
    folder = new_folder(tmp_path, "mxint_softmax", "random", "local/some:model v1")
    assert folder.name.split("_")[-2] == "local-some-model-v1"
    record = RunRecord(folder, header(Budget()))
    (folder / "turns.jsonl").mkdir()
    state, turn = advance(RunState(empty_coverage(bench.plan)), Proposal(), bench, Budget())
    with pytest.raises(OutputError, match=r"cannot write .*turns\.jsonl"):
        record.turn(turn)
    record.finish(replace(state, done=True), "agent_done")
