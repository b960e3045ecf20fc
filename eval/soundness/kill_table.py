"""Table of which agent's tests kill which seeded bug, at equal simulated cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import OracleAgent, RandomAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.soundness.kills import Kill, Survivor, hunt
from dv_agent.runners.simulator import Simulator


class KillRow(Frozen):
    """One bug against one agent's tests."""

    bug: str
    difficulty: str
    agent: str
    outcome: Kill | Survivor

    @property
    def killed(self) -> bool:
        """Return whether a check failed and was confirmed in a fresh process."""
        return isinstance(self.outcome, Kill)


def kill_table(folder: DesignFolder, simulator: Simulator, cycles: int, seed: int) -> Iterator[KillRow]:
    """Yield the kills: each agent makes tests on the clean design for `cycles`, then those tests run on every bug."""
    plan = plan_of(folder)
    makers: dict[str, Callable[[], Agent]] = {
        "oracle": lambda: OracleAgent(load_witnesses(folder)),
        "search": lambda: SearchAgent(seed),
        "random": lambda: RandomAgent(seed),
    }
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        tests = {name: make_tests(bench, make(), cycles) for name, make in makers.items()}
    for bug in load_bugs(folder):
        for name, made in tests.items():
            outcome = hunt(folder, plan, bug, made, simulator, cycles)
            yield KillRow(bug=bug.id, difficulty=bug.difficulty, agent=name, outcome=outcome)


def make_tests(bench: Testbench, agent: Agent, cycles: int) -> Sequence[Test]:
    """Return the tests that `agent` proposes on the clean design until it is done or `cycles` are used up."""
    budget = Budget(cycles=cycles, calls=None)
    state, tests = RunState(empty_coverage(bench.plan)), list[Test]()
    while not budget.exceeded(state.spent) and not state.done:
        state, turn = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
        tests += [record.test for record in turn.tests]
    return tests
