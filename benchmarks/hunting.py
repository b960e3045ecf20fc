"""What hunting seeded bugs costs beside the run: ``python benchmarks/hunting.py [DESIGN ...] [--simulator native]``.

For each design: a run of 200,000 cycles with `random` and with `search`, then its tests against all seeded bugs. The
first hunt builds every copy (*cold*), the second one finds the builds (*warm*). Processor seconds of all processes; the
sandbox is off meanwhile, because bubblewrap hides what its children use. Prints a table.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import RandomAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.eval.execution.seeded_bugs.bug_hunt import Hunter
from dv_agent.eval.suites.suite import load_suite
from dv_agent.runners.build.cache import private_cache
from dv_agent.runners.recording.simulator import RecordingSimulator, RecordingStore
from dv_agent.runners.registry import find_simulator

CYCLES = 200_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulator", default="native")
    parser.add_argument("designs", nargs="*", default=[one.name for one in load_suite("accelerators").designs])
    options = parser.parse_args()
    print("| design | agent | builds | run, s | hunt, s | hunt / run | killed |\n|---|---|---|---:|---:|---:|---:|")
    os.environ["DV_AGENT_SANDBOX"] = "off"
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        private = private_cache(Path(room) / "cache")
        os.environ["DV_AGENT_CACHE"] = str(private)
        for name in options.designs:
            for agent, builds in ((RandomAgent(0), "cold"), (RandomAgent(0), "warm"), (SearchAgent(0), "warm")):
                report(find_design(name), agent, options.simulator, builds)


def report(folder: DesignFolder, agent: Agent, simulator: str, builds: str) -> None:
    """Print one line."""
    store, start = RecordingStore(), processor_seconds()
    records = run(folder, agent, simulator, store)
    ran = processor_seconds()
    with Hunter(folder, find_simulator(simulator)) as hunter:
        outcomes = hunter.hunt(records, store, CYCLES).outcomes
    took, hunted = ran - start, processor_seconds() - ran
    killed = f"{sum(one.killed for one in outcomes)} of {len(outcomes)}"
    line = (folder.design.name, agent.name, builds, f"{took:.2f}", f"{hunted:.2f}", f"{hunted / took:.2f}", killed)
    print(f"| {' | '.join(line)} |", flush=True)


def run(folder: DesignFolder, agent: Agent, simulator: str, store: RecordingStore) -> Sequence[TestRecord]:
    """Return the tests of a run."""
    plan, budget, records = plan_of(folder), Budget(cycles=CYCLES), list[TestRecord]()
    with RecordingSimulator(find_simulator(simulator), store).open(folder.design) as session:
        bench, state = Testbench(folder, plan, session), RunState(empty_coverage(plan))
        while not budget.exceeded(state.spent) and not state.done:
            state, turn = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
            records += turn.tests
    return records


def processor_seconds() -> float:
    """Return those of this process and of all that have ended below it."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
