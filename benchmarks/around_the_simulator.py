"""What is spent around the simulation, in processor time: ``python benchmarks/around_the_simulator.py [DESIGN ...]``.

Start-up of commands; a test that shares its copy of the simulator process against one with a copy of its own; coverage
of the tests of a turn sampled together against one by one; the record of a run packed against not packed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from dv_agent.agents.records.packing.packed_lines import Packer
from dv_agent.agents.records.reader import RecordLines
from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.agents.testbench import Testbench
from dv_agent.cli.running.display import Display
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.eval.soundness.traffic import chunk_tests
from dv_agent.runners.build.icarus import build_icarus
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession
from dv_agent.runners.icarus import IcarusSimulator

COMMANDS = (
    ("--help",),
    ("designs", "list"),
    ("run", "--design", "mxint_gelu", "--agent", "random", "--max-cycles", "100"),
)
DESIGNS = ("mxint_gelu", "block_quant", "lqer_dot")
TESTS, TURN, REPEATS = 200, 4, 5


def start_up() -> None:
    """Print the processor seconds of commands, the best of some calls."""
    code = "from dv_agent.cli.main import main; main()"
    with tempfile.TemporaryDirectory() as room:
        for words in COMMANDS:
            seconds = []
            for _ in range(REPEATS):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run([sys.executable, "-c", code, *words], cwd=room, capture_output=True, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            say(f"start-up  {' '.join(words)[:40]:42} {min(seconds):.2f} s")


def copies(folder: DesignFolder) -> None:
    """Print milliseconds for a test of four cycles, the simulator's processes included."""
    test = next(iter(chunk_tests(folder, 1, 0)))
    program = replace(expand(folder.design, folder.schema, test), max_cycles=4)
    simulator = IcarusSimulator()
    build = build_icarus(folder.design, cache_folder(), simulator.version())
    command = ["vvp", "-n", "-m", vpi_library(), str(build.program), "-none"]
    spent = []
    for session in (
        CocotbSession(folder.design, command, build.layout, HANG_SECONDS), simulator.open(folder.design)
    ):  # fmt: skip
        with session:
            session.run(program)
            before = family_seconds(session.pid or 0)
            for _ in range(TESTS):
                session.run(program)
            time.sleep(0.5)  # copies end after they answered
            spent.append((family_seconds(session.pid or 0) - before) / TESTS * 1000)
    say(f"a test    {folder.design.name:42} {spent[0]:.2f} -> {spent[1]:.2f} ms ({spent[0] / spent[1]:.1f} x)")


def family_seconds(pid: int) -> float:
    """Return the processor seconds of a process and all below it, ended ones included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(family_seconds(int(child)) for child in children)


def sampling(folder: DesignFolder) -> None:
    """Print milliseconds a test for coverage with all distances."""
    plan = load_plan(folder.path / "plan.yaml")
    with IcarusSimulator().open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        tests = [bench.simulate(one) for one in islice(chunk_tests(folder, 1, 0), 4 * TURN)]
    every = range(len(plan.bins))
    turns = [tests[start : start + TURN] for start in range(0, len(tests), TURN)]
    alone = best(lambda: [bench.sampled([one], every) for one in tests]) / len(tests) * 1000
    together = best(lambda: [bench.sampled(turn, every) for turn in turns]) / len(tests) * 1000
    say(f"coverage  {folder.design.name:42} {alone:.2f} -> {together:.2f} ms ({alone / together:.1f} x), {TURN} a turn")


def records(name: str, cycles: int = 30_000) -> None:
    """Print megabytes of turns.jsonl for 10^6 cycles of the search agent."""
    with tempfile.TemporaryDirectory() as room:
        request = RunRequest(design=name, agent="search", max_cycles=cycles, out=Path(room))
        run = launch(request, Display(quiet=True), lambda *_: None)
        lines = [line for _, _, line in RecordLines(run.folder / "turns.jsonl")]
    packer = Packer()
    plain, packed = sum(map(len, lines)), sum(len(packer.pack(line)) for line in lines)
    scale = 1 / cycles  # bytes a cycle are megabytes for 10^6 cycles
    say(f"record    {name:42} {plain * scale:.1f} -> {packed * scale:.1f} MB ({plain / packed:.1f} x)")


def best(work: Callable[[], object]) -> float:
    """Return the least processor seconds of some repetitions."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def say(words: str) -> None:
    """Print a line at once."""
    print(words, flush=True)


def main() -> None:
    """Print all ratios."""
    start_up()
    for name in sys.argv[1:] or DESIGNS:
        folder = find_design(name)
        copies(folder)
        sampling(folder)
        records(name)


if __name__ == "__main__":
    main()
