"""Bins hit at equal processor time and at equal cycles: ``python benchmarks/equal_time.py [DESIGN ...] [--seconds S]``.

Runs of search, crv and random on the native path, one for each agent and seed; a run ends when it has used up both
``--seconds`` of processor time and ``--cycles`` of simulation. Processor time is that of the process with agent, model
and coverage, and of the simulator; it belongs to this machine. Prints one line for each design and mark, with the
median over the seeds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

from around_the_simulator import family_seconds

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import RandomAgent
from dv_agent.agents.baselines.crv import CrvAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.eval.suites.suite import load_suite
from dv_agent.runners.native.simulator import NativeSimulator

AGENTS: dict[str, Callable[[int], Agent]] = {"search": SearchAgent, "crv": CrvAgent, "random": RandomAgent}
SECONDS = (1.0, 3.0, 10.0, 30.0, 100.0)
CYCLES = (200_000, 2_000_000, 20_000_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--cycles", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--agents", nargs="+", choices=AGENTS, default=list(AGENTS))
    parser.add_argument("designs", nargs="*", default=[one.name for one in load_suite("accelerators").designs])
    options = parser.parse_args()
    marks = [f"{one:g} s" for one in SECONDS if one <= options.seconds]
    marks += [f"{one:,} cycles" for one in CYCLES if one <= options.cycles]
    print(f"| design | at | {' | '.join(options.agents)} |\n|---|---|{'---:|' * len(options.agents)}")
    for name in options.designs:
        folder = find_design(name)
        found = [
            [bins_at(folder, AGENTS[agent](seed), options.seconds, options.cycles) for seed in range(options.seeds)]
            for agent in options.agents
        ]
        for mark in marks:
            cells = [f"{statistics.median(run[mark] for run in runs):g}" for runs in found]
            print(f"| {name} | {mark} | {' | '.join(cells)} |", flush=True)


def bins_at(folder: DesignFolder, agent: Agent, seconds: float, cycles: int) -> dict[str, int]:
    """Return mark -> bins hit when it was reached, for every mark up to both bounds."""
    plan, budget, found = plan_of(folder), Budget(cycles=None), dict[str, int]()
    with NativeSimulator(share=0).open(folder.design) as session:
        bench, state = Testbench(folder, plan, session), RunState(empty_coverage(plan))
        start = time.process_time()
        while True:
            state, _ = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
            used = time.process_time() - start + (family_seconds(session.pid) if session.pid else 0.0)
            hit = int(state.coverage.covered.sum())
            note(found, SECONDS, used, " s", hit)
            note(found, CYCLES, state.spent.cycles, " cycles", hit)
            if (used >= seconds and state.spent.cycles >= cycles) or hit == len(plan.bins):
                # A run that has hit all bins stands for every later mark.
                return {f"{one:g} s": hit for one in SECONDS} | {f"{one:,} cycles": hit for one in CYCLES} | found


def note(found: dict[str, int], marks: Sequence[float], reached: float, unit: str, hit: int) -> None:
    """Enter the bins hit at every mark that was not reached before."""
    for mark in marks:
        if reached >= mark:
            found.setdefault(f"{mark:,}{unit}" if isinstance(mark, int) else f"{mark:g}{unit}", hit)


if __name__ == "__main__":
    main()
