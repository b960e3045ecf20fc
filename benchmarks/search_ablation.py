"""What hole guidance is worth: ``python benchmarks/search_ablation.py [design] [cycles] [seeds]``.

Bins hit by random, unguided search and guided search at equal simulated cycles, for each seed and as the median;
the last column is the holes left at that median, as a ratio to those that random leaves. Simulated on the native path
where that can be used.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import RandomAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import fastest_name, find_simulator

AGENTS: dict[str, Callable[[int], Agent]] = {
    "random": RandomAgent,
    "search, unguided": lambda seed: SearchAgent(seed, guided=False),
    "search": SearchAgent,
}


def bins_hit(bench: Testbench, agent: Agent, cycles: int) -> int:
    """Bins that `agent` covers within `cycles`."""
    budget, state = Budget(cycles=cycles), RunState(empty_coverage(bench.plan))
    while not budget.exceeded(state.spent) and not state.done:
        state, _ = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
    return int(state.coverage.covered.sum())


def main() -> None:
    """Print the table."""
    words = sys.argv[1:]
    name, cycles, seeds = (words + ["mxint_softmax", "200000", "5"][len(words) :])[:3]
    folder = find_design(name)
    plan = plan_of(folder)
    print(f"{name}: bins hit of {len(plan.bins)} at {int(cycles):,} cycles, seeds 0 to {int(seeds) - 1}")
    with find_simulator(fastest_name("icarus", folder.design)).open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        floor = 0.0
        for label, make in AGENTS.items():
            hits = [bins_hit(bench, make(seed), int(cycles)) for seed in range(int(seeds))]
            left = len(plan.bins) - statistics.median(hits)
            floor = floor or left
            print(
                f"{label:18} {hits}  median {statistics.median(hits):.0f}  holes left {left / floor:.2f} of random's",
                flush=True,
            )


if __name__ == "__main__":
    main()
