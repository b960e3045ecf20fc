"""Bins hit at equal processor time and at equal cycles: ``python benchmarks/equal_time.py [DESIGN ...] [--seconds S]``.

``--record docs/leaderboard/equal_seconds.json`` writes the table that a board shows, design by design; the same command
goes on where it was ended. That of the shipped board: ``--seconds 3 --cycles 0 --seeds 3``.

Runs of search, crv and random on the native path, one for each agent and seed; a run ends when it has used up both
``--seconds`` of processor time and ``--cycles`` of simulation. Processor time is that of the process with agent, model
and coverage, and of the simulator; it belongs to this machine. Prints one line for each design and mark, with the
median over the seeds.
"""

from __future__ import annotations

import argparse
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from around_the_simulator import family_seconds

from dv_agent import __version__
from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import RandomAgent
from dv_agent.agents.baselines.crv import CrvAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.eval.board.equal_seconds import EqualSeconds, SecondsLine, read_equal_seconds
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
    parser.add_argument("--record", type=Path)
    parser.add_argument("designs", nargs="*", default=[one.name for one in load_suite("accelerators").designs])
    options = parser.parse_args()
    marks = [f"{one:g} s" for one in SECONDS if one <= options.seconds]
    marks += [f"{one:,} cycles" for one in CYCLES if one <= options.cycles]
    print(f"| design | at | {' | '.join(options.agents)} |\n|---|---|{'---:|' * len(options.agents)}")
    for name in options.designs:
        folder = find_design(name)
        if options.record and is_entered(options.record, folder):
            continue
        found = [
            [bins_at(folder, AGENTS[agent](seed), options.seconds, options.cycles) for seed in range(options.seeds)]
            for agent in options.agents
        ]
        if options.record:
            enter(options.record, folder, options, found)
        for mark in marks:
            cells = [f"{statistics.median(run[mark] for run in runs):g}" for runs in found]
            print(f"| {name} | {mark} | {' | '.join(cells)} |", flush=True)


def is_entered(path: Path, folder: DesignFolder) -> bool:
    """Return whether the record has the design in its present task version."""
    known = read_equal_seconds(path.parent)
    wanted = (folder.design.name, folder.design.task_version)
    return known is not None and any((one.design, one.task_version) == wanted for one in known.lines)


def enter(path: Path, folder: DesignFolder, options: argparse.Namespace, found: list[list[dict[str, int]]]) -> None:
    """Write the lines of one design into the record, in the order of the suite; earlier ones of it are replaced."""
    known = read_equal_seconds(path.parent)
    lines = [one for one in known.lines if one.design != folder.design.name] if known else []
    for seconds in (one for one in SECONDS if one <= options.seconds):
        hits = {
            agent: statistics.median(run[f"{seconds:g} s"] for run in runs)
            for agent, runs in zip(options.agents, found, strict=True)
        }
        lines.append(
            SecondsLine(
                design=folder.design.name, task_version=folder.design.task_version, bins=len(plan_of(folder).bins),
                seconds=seconds, hits=hits,
            )
        )  # fmt: skip
    order = [one.name for one in load_suite("accelerators").designs]
    lines.sort(key=lambda one: (order.index(one.design) if one.design in order else len(order), one.seconds))
    record = EqualSeconds(
        machine=processor(), project=__version__, simulator="native", seeds=options.seeds, lines=tuple(lines)
    )
    replace_text(path, record.model_dump_json(indent=1) + "\n", make_folder=True)


def processor() -> str:
    """Return the name of the processor of this machine."""
    named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return named.group(1)[:100] if named else platform.machine()


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
