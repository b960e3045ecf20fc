"""The compiled form of RTL, without what does not decide its behaviour: two designs of one form behave the same.

Names of cells, positions in source files and values of parameters (which are folded into the logic) are left out.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.rtl_files import parameter_texts
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import WRAPPER
from dv_agent.runners.build.external_tools import run_command, shorten
from dv_agent.runners.build.verilator import refusals
from dv_agent.runners.build.verilator_tool import VerilatorTool
from dv_agent.runners.build.wrappers.clock_lines import is_multiple
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import TOP
from dv_agent.runners.native.bare_wrapper import bare_wrapper_text

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_SCOPE = re.compile(r'^(\S+ \.scope .*?"[^"]*" "[^"]*") \d+ \d+(?:, \d+ \d+ \d+)?')
_CALL = re.compile(r"^(\s*%vpi_(?:call|func)\S*) \d+ \d+")
_FILES = ":file_names"
_SECONDS = 120.0
_MISFITS = ("-Wwarn-WIDTHEXPAND", "-Wwarn-WIDTHTRUNC")  # a port of another width: no simulator takes that
_OPTIMISED = (
    "--cc", "--prefix", "V", "-Mdir", "out", "-Wno-fatal", "-Wno-lint", "-Wno-style", *_MISFITS, "--no-decoration",
    "-O3",
    "--timing",
    # An unknown value is not taken for 0: a register without reset is not the same as one that is reset to 0.
    "--x-assign", "unique", "--x-initial", "unique",
)  # fmt: skip


def icarus_form(program: Path) -> str:
    """Return the SHA-256 (hexadecimal) of a program that ``iverilog`` compiled, for four-state simulation."""
    return _digest(_plain_vvp(program.read_text(encoding="utf-8", errors="replace")))


def verilator_form(design: Design, tool: VerilatorTool) -> str:
    """Return the SHA-256 (hexadecimal) of the C++ that Verilator makes of a design, optimised for two-state simulation.

    Raises:
        BuildError: Verilator refused the RTL, or took longer than `_SECONDS`.
    """
    with scratch_folder() as room:
        try:
            made = _verilated(design, tool, room, plain=design.plain_verilog)
        except BuildError:
            if not design.plain_verilog or design.language is not None:
                raise
            made = _verilated(design, tool, room, plain=False)
        return _digest(f"{file.name}\n{_plain_cpp(file, design.base)}" for file in made)


def _verilated(design: Design, tool: VerilatorTool, room: Path, *, plain: bool) -> list[Path]:
    files = [str(file.resolve()) for file in design.source_files()]
    command = [tool.command, *_OPTIMISED, *tool.verilator_options, *design.compile_options(files, absolute=True)]
    command += ["--default-language", "1364-2005"] if plain else []
    if is_multiple(design):  # the wrapper has one clock
        parameters = [f"-G{name}={text}" for name, text in parameter_texts(design.parameters)]
        command += [*parameters, "--top-module", design.top, *files]
    else:
        (room / WRAPPER).write_text(bare_wrapper_text(design, layout_of(design)), encoding="utf-8")
        command += ["--top-module", TOP, *files, WRAPPER]
    done = run_command(command, room, _SECONDS, {**os.environ, **tool.environment}, (room,))
    if refused := list(refusals(done, design)):
        raise BuildError(f"{design.name}: verilator refused the RTL\n{shorten(refused)}")
    return sorted(file for pattern in ("*.cpp", "*.h") for file in (room / "out").glob(pattern))


def _plain_vvp(text: str) -> Iterator[str]:
    """Yield the lines of a program with addresses numbered in the order in which they appear."""
    numbers: dict[str, str] = {}
    count = itertools.count()
    for line in text.splitlines():
        if line.startswith(_FILES):
            return
        if " .param/" in line:
            continue
        plain = _CALL.sub(r"\1", _SCOPE.sub(r"\1", line))
        yield _ADDRESS.sub(lambda found: numbers.setdefault(found[0], f"@{next(count)}"), plain)


def _plain_cpp(file: Path, folder: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//")).replace(str(folder), "")


def _digest(lines: Iterator[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()
