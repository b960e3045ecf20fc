"""Compiling a design with Verilator and the C++ drivers of ``cpp/`` to a worker that plays programs by itself."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import Build
from dv_agent.runners.build.verilator import COMMON_OPTIONS, Recipe, build_recipe
from dv_agent.runners.build.verilator_tool import VerilatorTool
from dv_agent.runners.native.bare_wrapper import bare_wrapper_text, clocks_text
from dv_agent.runners.native.endless_loops import may_loop_for_ever
from dv_agent.runners.native.one_unit import FLAGS, QUICK, compile_worker
from dv_agent.runners.verilator import error_limit

_CODE = Path(__file__).with_name("cpp")
_DRIVER = "_driver.hpp"
_FACTS = re.compile(r"^// facts: (.*)$", re.MULTILINE)
_INCLUDED = "drivers.inc"
_OPTIONS = (
    *COMMON_OPTIONS, "-O3",
    # Registers without a reset are set when a model is made: to 0, as in the other build, or at random.
    "--x-initial", "unique", "--x-assign", "0",
)  # fmt: skip
# Slower, but nothing is removed: a loop that nothing reads must hang too.
_KEPT = ("--public-flat-rw",)


def missing_drivers(design: Design) -> list[str]:
    """Return what the drivers of the design's ports need that is not written in C++: drivers, and facts of ports."""
    known = _known_drivers()
    missing: set[str] = set()
    for port in design.ports.values():
        if port.driver and port.driver not in known:
            missing.add(port.driver)
        elif port.driver:
            missing |= {f"`{fact}` of {port.driver}" for fact in port.driver_facts() if fact not in known[port.driver]}
    return sorted(missing)


def build_native(design: Design, cache: Path, tool: VerilatorTool, quick: bool = False) -> Build:
    """Compile `design`, or find it in `cache`.

    Args:
        quick: optimise little, as for a copy that plays a few hundred thousand cycles.

    Raises:
        BuildError: a driver is missing, Verilator refused the RTL, or g++ refused the C++.
        PrerequisiteError, InputFileError, OutputError: as `build_verilator`.
    """
    code, more = native_code(design), (QUICK,) if quick else ()
    recipe = Recipe(
        "native",
        native_options(design),
        code,
        {},
        compiler=lambda made: compile_worker(made, worker_code(), more),
        parts=(*FLAGS, *more),
        wrapper_of=bare_wrapper_text,
    )
    return build_recipe(design, cache, tool, recipe)


def native_options(design: Design) -> tuple[str, ...]:
    """Return the arguments of Verilator for a worker of `design`."""
    return (*_OPTIONS, *(_KEPT if may_loop_for_ever(design) else ()))


def native_code(design: Design) -> dict[str, str]:
    """Return name -> text of the C++ files of a worker of `design`, without those that Verilator writes.

    Raises:
        BuildError: a driver is missing.
    """
    if missing := missing_drivers(design):
        raise BuildError(f"{design.name}: no C++ driver yet for {', '.join(missing)}")
    facts = f"#pragma once\n{clocks_text(design)}constexpr int kErrorLimit = {error_limit(design)};\n"
    return worker_code() | {"design.inc": facts}


@lru_cache(maxsize=1)
def worker_code() -> dict[str, str]:
    """Return name -> text of the C++ files that do not depend on the design."""
    files = sorted(file for file in _CODE.rglob("*.?pp") if file.suffix in (".hpp", ".cpp"))
    drivers = "".join(f'#include "{file.name}"\n' for file in files if file.name.endswith(_DRIVER))
    return {file.name: file.read_text(encoding="utf-8") for file in files} | {_INCLUDED: drivers}


def _known_drivers() -> dict[str, frozenset[str]]:
    """Return driver -> the facts of ports that it knows besides places and widths."""
    drivers = {name.removesuffix(_DRIVER): text for name, text in worker_code().items() if name.endswith(_DRIVER)}
    return {
        name: frozenset(word for line in _FACTS.findall(text) for word in line.split())
        for name, text in drivers.items()
    }
