"""Inner signals of the RTL over the cycles of a test: Icarus plays it once more into a VCD file, which is read here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.errors import SimulationError
from dv_agent.runners.build.cache import cache_folder
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.wrapper import TOP
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession

MAX_CYCLES = 4_000
"""So many cycles of a test are dumped: the file grows with them."""

_DUT, _CLOCK = "dut", "clock"


@dataclass(frozen=True, slots=True)
class InnerSignals:
    """Values of inner signals just before each rising edge.

    Attributes:
        widths: every signal that the file has, by instance path below the top module -> bits.
        values: those that were asked for -> binary text of each cycle, with ``x`` and ``z`` where it has them.
    """

    widths: Mapping[str, int]
    values: Mapping[str, tuple[str, ...]]


def play_inner(design: Design, program: Program, wanted: Iterable[str], cycles: int) -> InnerSignals:
    """Play the first `cycles` cycles of `program` and read the signals `wanted`; unknown ones are left out.

    Raises:
        PrerequisiteError: Icarus Verilog is not installed.
        SimulationError: it failed.
    """
    short = replace(program, max_cycles=min(program.max_cycles, cycles, MAX_CYCLES))
    build = build_icarus(design, cache_folder(), icarus_version())
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        file = Path(room) / "inner.vcd"
        command = [shutil.which("vvp") or "vvp", "-n", "-m", vpi_library(), str(build.program)]
        command += ["-vcd", f"+waves={file}"]
        with CocotbSession(design, command, build.layout, HANG_SECONDS, once=True) as session:
            session.run(short)
        if not file.is_file():
            raise SimulationError("the simulator wrote no waveform of this test")
        with file.open(encoding="latin-1") as lines:
            return read_vcd(lines, frozenset(wanted), design.reset.cycles, short.max_cycles)


def read_vcd(lines: Iterable[str], wanted: frozenset[str], before: int, cycles: int) -> InnerSignals:
    """Read a VCD file of the wrapper.

    Args:
        before: rising edges before that of cycle 0.
        cycles: most cycles to read.
    """
    walk = iter(lines)
    codes, widths, clock = _header(walk)
    asked = {name: code for name, code in codes.items() if name in wanted}
    seen: dict[str, list[str]] = {name: [] for name in asked}
    edges = 0
    for now in _edges(walk, clock, frozenset(asked.values())):
        edges += 1
        if edges <= before:
            continue
        for name, code in asked.items():
            seen[name].append(now.get(code, "x").rjust(widths[name], "0"))
        if edges - before >= cycles:
            break
    return InnerSignals(widths, {name: tuple(values) for name, values in seen.items()})


def _header(walk: Iterator[str]) -> tuple[dict[str, str], dict[str, int], str]:
    """Name -> code, name -> bits, and the code of the clock; `walk` then stands behind the header."""
    scopes: list[str] = []
    codes: dict[str, str] = {}
    widths: dict[str, int] = {}
    clock = ""
    for line in walk:
        words = line.split()
        match words[:1]:
            case ["$scope"]:
                scopes.append(words[2])
            case ["$upscope"]:
                scopes.pop()
            case ["$var"]:
                bits, code, name = int(words[2]), words[3], words[4]
                if scopes[:2] == [TOP, _DUT]:
                    path = ".".join([*scopes[2:], name])
                    codes[path], widths[path] = code, bits
                elif scopes == [TOP] and name == _CLOCK:
                    clock = code
            case ["$enddefinitions"]:
                break
    return codes, widths, clock


def _edges(walk: Iterator[str], clock: str, wanted: frozenset[str]) -> Iterator[dict[str, str]]:
    """The values just before every rising edge of the clock: all changes of one time stand between two ``#``.

    The simulation ends ahead of the edge of its last cycle, so what holds at the end of the file comes last.
    """
    now: dict[str, str] = {}
    fresh: dict[str, str] = {}
    level, edge = "", False
    for line in walk:
        text = line.strip()
        if text.startswith("#"):
            if edge:
                yield now
            now |= fresh
            fresh, edge = {}, False
        elif text[:1] in ("b", "B"):
            value, _, code = text[1:].partition(" ")
            if code in wanted:
                fresh[code] = _extended(value)
        elif text[:1] in ("0", "1", "x", "z", "X", "Z"):
            code = text[1:]
            if code in wanted:
                fresh[code] = text[0].lower()
            if code == clock:
                edge, level = edge or (level == "0" and text[0] == "1"), text[0]
    yield now if edge else now | fresh


def _extended(value: str) -> str:
    """Binary text; a leading x or z stands for all bits above it."""
    value = value.lower()
    return "x" * 64 if set(value) <= {"x", "z"} else value
