"""The aims on speed in one table: ``python benchmarks/aims.py [DESIGN ...] [--old CHECKOUT] [--no-rest]``.

Processor seconds, of all processes together, of whole runs at 200,000 cycles: through cocotb on Icarus and natively,
and through Icarus at an older commit if ``--old`` names a checkout of it; the three take turns. Then the time of a turn
of 64 items, of a million checked beats, the size of a record, and start-up. Builds are made before, and bytecode is
compiled before, as in an installed package. Nothing is sandboxed, so that the time of all processes is counted.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import around_the_simulator
import native

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.eval.suites.suite import load_suite
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.sandbox import SETTING

CYCLES, WARM_CYCLES = 200_000, 100
ITEMS, TURNS = 64, 300
_ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER: so that the time of all processes is counted, whoever ends first
CODE = "from dv_agent.cli.main import main; main()"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, help="a checkout of an older commit")
    parser.add_argument("--agents", nargs="+", default=["random", "search"])
    parser.add_argument("--no-rest", action="store_true", help="whole runs only")
    parser.add_argument("designs", nargs="*", default=[one.name for one in load_suite("accelerators").designs])
    options = parser.parse_args()
    os.environ[SETTING] = "off"
    ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1)
    for agent in options.agents:
        whole_runs(agent, options.designs, options.old)
    if not options.no_rest:
        for name in options.designs:
            turn(name)
        native.many_beats()
        around_the_simulator.records("lqer_dot")
        around_the_simulator.start_up()


def whole_runs(agent: str, names: list[str], old: Path | None) -> None:
    """Print one line for each design and the medians of the ratios."""
    print("| run | before: Icarus, s | Icarus, s | ratio | native, s | ratio |\n|---|---:|---:|---:|---:|---:|")
    ratios = []
    with tempfile.TemporaryDirectory() as room:
        for name in names:
            # A version that does not know the native path is measured on Icarus alone.
            kinds = [(old, "icarus"), (None, "icarus"), (None, "native")][0 if old else 1 :]
            # What judges the native path is built before, too.
            for checkout, simulator in (*kinds, (None, "verilator")):
                run_seconds(Path(room), checkout, name, agent, simulator, WARM_CYCLES)
            seconds = [run_seconds(Path(room), *kind[:1], name, agent, kind[1], CYCLES) for kind in kinds]
            before, now, quick = seconds if old else [float("nan"), *seconds]
            ratios.append((before / now, (before if old else now) / quick))
            print(
                f"| {name} {agent} | {before:.2f} | {now:.2f} | {ratios[-1][0]:.1f} | {quick:.2f} "
                f"| {ratios[-1][1]:.1f} |",
                flush=True,
            )
    icarus, quick = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"| median of {len(ratios)}, {agent} | | | {icarus:.1f} | | {quick:.1f} |\n", flush=True)


def run_seconds(room: Path, checkout: Path | None, design: str, agent: str, simulator: str, cycles: int) -> float:
    """Return the processor seconds of one command; `checkout`: whose code is run, None for this one."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(room / "bytecode")
    if checkout:
        environment["PYTHONPATH"] = str(checkout.resolve())
    command = [sys.executable, "-c", CODE, "run", "--design", design, "--agent", agent, "--max-cycles", str(cycles)]
    command += ["--simulator", simulator, "--out", str(room), "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=room, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: bins are open
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    with contextlib.suppress(ChildProcessError):
        while True:  # the copies of a simulator that outlived their parent
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def turn(name: str) -> None:
    """Print milliseconds of a test of 64 items natively, simulated, checked and sampled, beside its parts."""
    folder = find_design(name)
    plan = load_plan(folder.path / "plan.yaml")
    port = next(port for port, grammar in folder.design.grammars.items() if grammar.item)
    tests = [Test(seed=seed, tracks={port: ({"random": {"count": ITEMS}},)}) for seed in range(TURNS)]
    with NativeSimulator(share=0).open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        bench.run(tests[0])
        start, child = time.process_time(), native.processor_seconds(session.pid)
        done = [bench.simulate(test) for test in islice(tests, 1, None)]
        middle = time.process_time()
        for at in range(0, len(done), around_the_simulator.TURN):
            bench.sampled(done[at : at + around_the_simulator.TURN])
        end = time.process_time()
        simulated = native.processor_seconds(session.pid) - child
    shares = [1000 * one / len(done) for one in (middle - start, end - middle, simulated)]
    print(
        f"turn      {name:42} {sum(shares):.2f} ms: expansion, trace, model, checks {shares[0]:.2f}, coverage "
        f"{shares[1]:.2f}, simulator {shares[2]:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
