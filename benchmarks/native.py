"""How fast the native path is: ``python benchmarks/native.py [--rounds 5] [--whole] [DESIGN ...]``.

Prints thousand cycles a second of processor time, all in, of the same random tests: on cocotb with Icarus and with
Verilator, natively, and of a loop over the same Verilated model with the same pins, but without drivers, monitors and
recording. The simulators take turns in each round, so the ratios hold on a busy machine too. With ``--whole``: time of
whole runs at 200,000 cycles, and of a million checked random beats. Nothing is sandboxed, so that the time of all
processes is counted.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder, design_names
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Program
from dv_agent.eval.soundness.check import chunk_failures
from dv_agent.eval.soundness.traffic import CHUNK_BEATS, Chunk, chunk_tests
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.native.compilation import build_native
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.plain_program import plain_program
from dv_agent.runners.repeating_session import LastingSimulator
from dv_agent.runners.sandbox import SETTING
from dv_agent.runners.verilator import VerilatorSimulator

TESTS, NATIVE_TIMES, BARE_TIMES = 12, 200, 600
CYCLES, BEATS = 200_000, 1_000_000
SIMULATORS = ("icarus", "native")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("designs", nargs="*", default=design_names())
    options = parser.parse_args()
    os.environ[SETTING] = "off"
    if options.whole:
        whole_runs(options.designs)
        many_beats()
        return 0
    print("| design | Icarus | Verilator | native | bare loop | native / Icarus | native / Verilator | native / bare |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name in options.designs:
        simulation(name, options.rounds)
    return 0


def simulation(name: str, rounds: int) -> None:
    """Print one line: medians over the rounds, ratios as medians of the ratios of a round."""
    folder = find_design(name)
    programs = [expand(folder.design, folder.schema, test) for test in islice(chunk_tests(folder, 5, 0), TESTS)]
    build = build_native(folder.design, cache_folder(), find_verilator())
    bare = LastingSimulator([str(build.program), str(build.layout)], {}, build.layout, 5.0)
    speeds: list[list[float]] = []
    with (
        IcarusSimulator().open(folder.design) as icarus,
        VerilatorSimulator().open(folder.design) as verilator,
        NativeSimulator(share=0).open(folder.design) as native,
    ):
        for _ in range(rounds):
            played = [
                speed(session, programs, times)
                for session, times in ((icarus, 1), (verilator, 1), (native, NATIVE_TIMES))
            ]
            speeds.append([*played, bare_speed(bare, folder.design, programs)])
    bare.close()
    middle = [statistics.median(column) for column in zip(*speeds, strict=True)]
    ratios = [statistics.median(row[2] / row[place] for row in speeds) for place in (0, 1, 3)]
    print(
        f"| {name} | {' | '.join(f'{value:,.0f}' for value in middle)} | {ratios[0]:.0f} | {ratios[1]:.0f} "
        f"| {ratios[2]:.2f} |",
        flush=True,
    )


def speed(session: CocotbSession, programs: list[Program], times: int) -> float:
    """Thousand cycles a processor second of the simulator's processes."""
    before = processor_seconds(session.pid)
    cycles = sum(session.run(program).trace.cycles for _ in range(times) for program in programs)
    return cycles / (processor_seconds(session.pid) - before) / 1000


def bare_speed(bare: LastingSimulator, design: Design, programs: list[Program]) -> float:
    """Thousand cycles a processor second without drivers."""
    before, cycles = processor_seconds(bare.pid), 0
    for program in programs:
        cycles += BARE_TIMES * int(bare.play({**plain_program(design, program), "bare": BARE_TIMES}, 0).reply["cycles"])
    return cycles / (processor_seconds(bare.pid) - before) / 1000


def processor_seconds(group: int | None) -> float:
    """Processor time of all processes of a group, with those that have ended."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def whole_runs(names: list[str]) -> None:
    """Print the processor time of whole runs, all processes together."""
    print("| design, agent | Icarus, s | native, s | ratio |\n|---|---:|---:|---:|")
    for name in names:
        for agent in ("random", "search"):
            seconds = [run_seconds(name, agent, simulator) for simulator in SIMULATORS]
            print(
                f"| {name} {agent} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[0] / seconds[1]:.1f} |", flush=True
            )


def run_seconds(name: str, agent: str, simulator: str) -> float:
    """Processor seconds of one command."""
    program = Path(sys.executable).with_name("dv-agent")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as room:
        command = [program, "run", "--design", name, "--agent", agent, "--max-cycles", str(CYCLES)]
        command += ["--simulator", simulator, "--out", room, "--json"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def many_beats() -> None:
    """Print the processor time of a million checked random beats."""
    folder = find_design("mxint_softmax")
    whos = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before = [resource.getrusage(who) for who in whos]
    tests = beats = cycles = alarms = 0
    for index in range(BEATS // CHUNK_BEATS):
        found = chunk_failures(Chunk(folder.path, "native", 0, index, CHUNK_BEATS))
        tests, beats, cycles, alarms = tests + found[0], beats + found[1], cycles + found[2], alarms + len(found[3])
    after = [resource.getrusage(who) for who in whos]
    seconds = sum(
        new.ru_utime + new.ru_stime - old.ru_utime - old.ru_stime for new, old in zip(after, before, strict=True)
    )
    counts = f"{tests:,} tests, {cycles:,} cycles, {alarms} alarms"
    print(f"\n{beats:,} checked beats of mxint_softmax ({counts}): {seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
