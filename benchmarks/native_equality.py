"""Whether the native path does bit for bit what cocotb on Verilator does, on every design and every seeded bug.

Plays all witnesses and many random tests on each clean design, and the same witnesses and some random tests on each
copy with a seeded bug: all rows, ends, steps and releases are compared. Ends with exit code 1 at a difference, which is
printed.

    python benchmarks/native_equality.py [--tests 1000] [--bug-tests 20 | --no-bugs] [DESIGN ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.design import Design
from dv_agent.designs.files.places import design_names
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.program import Program
from dv_agent.eval.soundness.traffic import chunk_tests
from dv_agent.runners.equivalence import run_differences
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.simulator import Run
from dv_agent.runners.verilator import VerilatorSimulator

_HEAD = """\
| design | copies | tests | cycles | ended by the RTL | differing tests | seconds |
|---|---:|---:|---:|---:|---:|---:|"""


@dataclass
class Counts:
    """What was compared."""

    copies: int = 0
    tests: int = 0
    cycles: int = 0
    killed_or_hung: int = 0
    differing: int = 0


def main() -> int:
    """Compare, print one line a design, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--bug-tests", type=int, default=20)
    parser.add_argument("--no-bugs", action="store_true")
    parser.add_argument("designs", nargs="*", default=design_names())
    options = parser.parse_args()
    total = Counts()
    print(_HEAD)
    for name in options.designs:
        started, counts = time.monotonic(), Counts()
        folder = find_design(name)
        compare(folder.design, programs(folder, options.tests), counts)
        with scratch_folder() as room:
            for bug in () if options.no_bugs else load_bugs(folder):
                compare(broken_copy(folder, bug, room).design, programs(folder, options.bug_tests), counts)
        show(name, counts, time.monotonic() - started)
        for field in vars(total):
            setattr(total, field, getattr(total, field) + getattr(counts, field))
    show("all", total, 0)
    return 1 if total.differing else 0


def programs(folder: DesignFolder, count: int) -> Iterator[Program]:
    """All witnesses, then random tests."""
    for test in [*load_witnesses(folder), *islice(chunk_tests(folder, 7, 0), count)]:
        yield expand(folder.design, folder.schema, test)


def compare(design: Design, played: Iterator[Program], counts: Counts) -> None:
    """Play all programs on both."""
    native = NativeSimulator(share=0, say=sys.exit)
    counts.copies += 1
    with native.open(design) as one, VerilatorSimulator().open(design) as two:
        for number, program in enumerate(played):
            left, right = one.run(program), two.run(program)
            counts.tests += 1
            counts.cycles += right.trace.cycles
            counts.killed_or_hung += right.trace.end in ("hung", "crashed")
            if differ(left, right):
                counts.differing += 1
                found = [str(difference) for difference in run_differences(number, left, right)]
                print(f"{design.folder}: {found[:3] or 'rows'}", file=sys.stderr, flush=True)


def differ(one: Run, two: Run) -> bool:
    """Whether two runs of one program differ in anything but their time."""
    if _facts(one) != _facts(two):
        return True
    return any(True for _ in run_differences(0, one, two))


def _facts(run: Run) -> tuple[object, ...]:
    return run.rows, run.step_starts, run.released, run.trace.reported


def show(name: str, counts: Counts, seconds: float) -> None:
    """Print a line of the table."""
    print(
        f"| {name} | {counts.copies} | {counts.tests:,} | {counts.cycles:,} | {counts.killed_or_hung} "
        f"| {counts.differing} | {seconds:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
