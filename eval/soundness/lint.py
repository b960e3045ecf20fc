"""Lint of the RTL: Icarus, pyverilog, and (if installed) Verilator and yosys must accept it without a message."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import PrerequisiteError
from dv_agent.runners.build.verilator_tool import find_verilator

MEMORY_BITS = 1 << 15  # what yosys makes flip-flops and multiplexers of within seconds
LINT_TIMEOUT = 600  # seconds; a system of several units takes half a minute on a free core
_PARSE = """
import sys
from pyverilog.vparser.parser import VerilogCodeParser
room, *files = sys.argv[1:]
VerilogCodeParser(files, outputdir=room, debug=False).parse()
print("\\nparsed")
"""


class LintResult(Frozen):
    """Result of one tool; `messages` is empty if it accepts the RTL. A tool that is not installed is skipped."""

    tool: str
    skipped: bool = False
    messages: str = ""

    @property
    def ok(self) -> bool:
        """Return whether no tool reported anything, as far as it ran."""
        return not self.messages


def lint(design: Design) -> tuple[LintResult, ...]:
    """Run every tool on the RTL."""
    files = [str(file.resolve()) for file in design.source_files()]
    with scratch_folder() as room:
        icarus = ["iverilog", "-g2005", "-Wall", "-s", design.top, "-o", str(room / "out"), *files]
        return (
            _run("iverilog", icarus, room),
            _verilator(design.top, files, room),
            _yosys(design.top, files, room),
            _pyverilog(files, room),
        )


def _verilator(top: str, files: list[str], room: Path) -> LintResult:
    try:
        tool = find_verilator()
    except PrerequisiteError:
        return LintResult(tool="verilator", skipped=True)
    command = [
        tool.command,
        "--lint-only",
        "--quiet-stats",
        "-Wall",
        "--default-language",
        "1364-2005",
        "--top-module",
        top,
        *files,
    ]
    return _run("verilator", command, room, tool.environment)


def _yosys(top: str, files: list[str], room: Path) -> LintResult:
    """Synthesise, with memories as flip-flops; with more than `MEMORY_BITS` of them, down to memory cells only."""
    read, count = f"read_verilog {' '.join(files)}; hierarchy -top {top}", room / "memories.txt"
    counting = f"{read}; proc; flatten; tee -q -o {count} stat"
    if (read_only := _run("yosys", ["yosys", "-q", "-p", counting], room)).messages or read_only.skipped:
        return read_only
    bits = sum(int(found) for found in re.findall(r"memory bits: +([0-9]+)", count.read_text(encoding="utf-8")))
    down_to = " -run begin:fine" if bits > MEMORY_BITS else ""
    return _run("yosys", ["yosys", "-q", "-p", f"{read}; synth -top {top}{down_to}; check -assert"], room)


def _run(tool: str, command: list[str], room: Path, environment: Mapping[str, str] | None = None) -> LintResult:
    if shutil.which(command[0]) is None:
        return LintResult(tool=tool, skipped=True)
    try:
        done = subprocess.run(
            command,
            cwd=room,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=LINT_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return LintResult(tool=tool, messages=f"no answer in {LINT_TIMEOUT} s")
    said = (done.stdout + done.stderr).strip()
    failed = f"exit code {done.returncode}" if done.returncode else ""
    return LintResult(tool=tool, messages=(said or failed)[:2000])


def _pyverilog(files: list[str], room: Path) -> LintResult:
    """Run pyverilog in its own process, because it leaves files open, prints, and writes into the current folder."""
    result = _run("pyverilog", [sys.executable, "-W", "ignore", "-c", _PARSE, str(room), *files], room)
    return result if "parsed" not in result.messages.splitlines() else LintResult(tool="pyverilog")
