"""Inner signals of the RTL over the cycles of a test: Icarus simulates it again, and its waveform is read."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pywellen

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.program import Program
from dv_agent.designs.trace import End, Trace
from dv_agent.errors import SimulationError
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.wrappers.clock_lines import reset_edges
from dv_agent.runners.build.wrappers.wrapper import TOP
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession

MAX_CYCLES = 4_000
"""Maximum number of cycles of a test that are dumped, because the file grows with them."""

_DUT, _CLOCK = f"{TOP}.dut.", f"{TOP}.clock"
_END = 1 << 62
"""A time behind that of every file."""


@dataclass(frozen=True, slots=True)
class InnerSignals:
    """Values of inner signals just before each rising edge of the clock.

    Attributes:
        widths: every signal in the file, by instance path below the top module -> bits.
        values: requested signals -> binary text for each cycle, with ``x`` and ``z`` where they occur.
    """

    widths: Mapping[str, int]
    values: Mapping[str, tuple[str, ...]]


def play_inner(design: Design, program: Program, wanted: Iterable[str], cycles: int) -> InnerSignals:
    """Simulate the first `cycles` cycles of `program` and read the signals `wanted`; unknown ones are left out.

    Raises:
        PrerequisiteError: Icarus Verilog is not installed.
        SimulationError: the simulation failed.
    """
    short = replace(program, max_cycles=min(program.max_cycles, cycles, MAX_CYCLES))
    build = build_icarus(design, cache_folder(), icarus_version())
    with scratch_folder() as room:
        file = room / "inner.fst"
        command = [
            shutil.which("vvp") or "vvp",
            "-n",
            "-m",
            vpi_library(),
            str(build.program),
            "-fst",
            f"+waves={file}",
        ]

        def play(program: Program) -> Trace:
            with CocotbSession(design, command, build.layout, HANG_SECONDS, once=True, writable=(room,)) as session:
                return session.run(program).trace

        trace = play(short)
        if trace.end == End.HUNG and trace.cycles:  # a killed simulator leaves an incomplete file
            play(replace(short, max_cycles=trace.cycles))
        if not file.is_file():
            raise SimulationError("the simulator wrote no waveform of this test")
        return read_waves(file, frozenset(wanted), reset_edges(design), min(trace.cycles, short.max_cycles))


def read_waves(file: Path, wanted: frozenset[str], before: int, cycles: int) -> InnerSignals:
    """Read a waveform of the wrapper, FST or VCD.

    Args:
        before: rising edges before that of cycle 0.
        cycles: number of cycles to read.

    Raises:
        SimulationError: the file cannot be read.
    """
    try:
        signals = {one.full_name: one for one in pywellen.Waveform(str(file)).all_vars()}
    except (RuntimeError, OSError) as error:
        raise SimulationError(f"the waveform of this test cannot be read: {error}") from None
    inner = {name.removeprefix(_DUT): one for name, one in signals.items() if name.startswith(_DUT)}
    changes = [*signals[_CLOCK].signal]
    # The simulation ends before the edge of its last cycle, so the values at the end of the file come last.
    edges = [time - 1 for (_, low), (time, high) in pairwise(changes) if (low, high) == (0, 1)] + [_END]
    times = edges[before : before + cycles]
    widths = {name: int(one.bitwidth or 0) for name, one in inner.items()}
    asked = {name: inner[name] for name in inner if name in wanted}
    return InnerSignals(widths, {
        name: tuple(_binary(one.signal.value_at(time), widths[name]) for time in times) for name, one in asked.items()
    })  # fmt: skip


def _binary(value: int | str | None, width: int) -> str:
    """Return binary text of `width` bits; a value that was never given is unknown."""
    if value is None:
        return "x" * width
    return format(value, f"0{width}b") if isinstance(value, int) else value.lower()
