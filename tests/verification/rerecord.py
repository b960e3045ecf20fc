"""A forger's tool: a record that agrees with itself and with the simulator, of tests that its agent never proposed."""

import json
from collections.abc import Sequence

from honest import Copy
from turn_lines import turn_lines

from dv_agent.agents.baselines.basic import ScriptedAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import find_simulator


def rerecord(copy: Copy, agent: str, seed: int, turns: Sequence[Sequence[Test]], ended: str, patience: int = 0) -> None:
    """Simulate `turns` for real, write them as the run of a trial, and say that it ended by `ended`."""
    room = copy.room(agent, seed) / "run"
    header = RunHeader.model_validate_json((room / "run.json").read_text())
    (room / "turns.jsonl").unlink()
    design = find_design("tally")
    plan = plan_of(design)
    with find_simulator("icarus").open(design.design) as session:
        bench = Testbench(design, plan, session)
        state = RunState(empty_coverage(plan))
        run(
            ScriptedAgent(turns),
            bench,
            state,
            header.budget,
            Limits(patience=patience or None),
            RunRecord(room, header),
        )
    copy.header(agent, seed, stop_reason=ended)


def turns_of(copy: Copy, agent: str, seed: int = 0) -> list[list[Test]]:
    """The tests of a run, turn by turn."""
    lines = turn_lines(copy.room(agent, seed) / "run" / "turns.jsonl")
    data = [json.loads(line) for line in lines]
    return [[Test.model_validate(test["test"]) for test in line["tests"]] for line in data if line["kind"] == "turn"]


def richer(copy: Copy, cycles: int) -> dict[str, object]:
    """The budget of the evaluation with so many cycles."""
    return Budget.model_validate(copy.evaluation.identity.budget.model_dump() | {"cycles": cycles}).model_dump()
