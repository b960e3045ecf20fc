"""Inner signals of the RTL over the cycles of a test: Icarus simulates it again, and its VCD file is parsed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BufferedIOBase
from itertools import islice

from vcd.reader import Token, TokenKind, tokenize

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.program import Program
from dv_agent.errors import SimulationError
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.wrappers.clock_lines import reset_edges
from dv_agent.runners.build.wrappers.wrapper import TOP
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession

MAX_CYCLES = 4_000
"""Maximum number of cycles of a test that are dumped, because the file grows with them."""

_DUT, _CLOCK = "dut", "clock"


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
        file = room / "inner.vcd"
        command = [shutil.which("vvp") or "vvp", "-n", "-m", vpi_library(), str(build.program)]
        command += ["-vcd", f"+waves={file}"]
        with CocotbSession(design, command, build.layout, HANG_SECONDS, once=True, writable=(room,)) as session:
            session.run(short)
        if not file.is_file():
            raise SimulationError("the simulator wrote no waveform of this test")
        with file.open("rb") as dump:
            return read_vcd(dump, frozenset(wanted), reset_edges(design), short.max_cycles)


def read_vcd(file: BufferedIOBase, wanted: frozenset[str], before: int, cycles: int) -> InnerSignals:
    """Read a VCD file of the wrapper.

    Args:
        before: rising edges before that of cycle 0.
        cycles: maximum number of cycles to read.
    """
    tokens = tokenize(file)
    codes, widths, clock = _header(tokens)
    asked = {name: code for name, code in codes.items() if name in wanted}
    seen: dict[str, list[str]] = {name: [] for name in asked}
    for now in islice(_edges(tokens, clock, frozenset(asked.values())), before, before + cycles):
        for name, code in asked.items():
            seen[name].append(now.get(code, "x").rjust(widths[name], "0"))
    return InnerSignals(widths, {name: tuple(values) for name, values in seen.items()})


def _header(tokens: Iterator[Token]) -> tuple[dict[str, str], dict[str, int], str]:
    """Return name -> code, name -> bits, and the code of the clock; `tokens` is then positioned after the header."""
    scopes: list[str] = []
    codes: dict[str, str] = {}
    widths: dict[str, int] = {}
    clock = ""
    for token in tokens:
        if token.kind is TokenKind.SCOPE:
            scopes.append(token.scope.ident)
        elif token.kind is TokenKind.UPSCOPE:
            scopes.pop()
        elif token.kind is TokenKind.VAR:
            if scopes[:2] == [TOP, _DUT]:
                path = ".".join([*scopes[2:], token.var.reference])
                codes[path], widths[path] = token.var.id_code, token.var.size
            elif scopes == [TOP] and token.var.reference == _CLOCK:
                clock = token.var.id_code
        elif token.kind is TokenKind.ENDDEFINITIONS:
            break
    return codes, widths, clock


def _edges(tokens: Iterator[Token], clock: str, wanted: frozenset[str]) -> Iterator[dict[str, str]]:
    """Yield the values just before every rising edge of the clock: all changes of one time are between two time stamps.

    The simulation ends before the edge of its last cycle, so the values at the end of the file come last.
    """
    now: dict[str, str] = {}
    fresh: dict[str, str] = {}
    level, edge = "", False
    for token in tokens:
        if token.kind is TokenKind.CHANGE_TIME:
            if edge:
                yield now
            now |= fresh
            fresh, edge = {}, False
        elif token.kind is TokenKind.CHANGE_VECTOR:
            if token.vector_change.id_code in wanted:
                fresh[token.vector_change.id_code] = _binary(token.vector_change.value)
        elif token.kind is TokenKind.CHANGE_SCALAR:
            code, value = token.scalar_change.id_code, token.scalar_change.value.lower()
            if code in wanted:
                fresh[code] = value
            if code == clock:
                edge, level = edge or (level == "0" and value == "1"), value
    yield now if edge else now | fresh


def _binary(value: int | str) -> str:
    """Return binary text; a leading x or z stands for all bits above it."""
    if isinstance(value, int):
        return format(value, "b")
    value = value.lower()
    return "x" * 64 if set(value) <= {"x", "z"} else value
