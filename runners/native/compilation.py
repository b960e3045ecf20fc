"""Compiling a design with Verilator and the C++ drivers of ``cpp/`` to a worker that plays programs by itself."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import Build
from dv_agent.runners.build.verilator import COMMON_OPTIONS, Recipe, build_recipe
from dv_agent.runners.build.verilator_tool import VerilatorTool
from dv_agent.runners.native.bare_wrapper import bare_wrapper_text
from dv_agent.runners.native.endless_loops import may_loop_for_ever

_CODE = Path(__file__).with_name("cpp")
_DRIVER = "_driver.hpp"
_INCLUDED = "drivers.inc"
_OPTIONS = (
    *COMMON_OPTIONS, "-O3",
    # Registers without a reset are set when a model is made: to 0, as in the other build, or at random.
    "--x-initial", "unique", "--x-assign", "0",
    "-CFLAGS", "-std=c++20",
)  # fmt: skip
# Slower, but nothing is removed: a loop that nothing reads must hang too.
_KEPT = ("--public-flat-rw",)
_OPTIMISED = ("OPT_FAST=-O3", "OPT_SLOW=-O1", "OPT_GLOBAL=-O2")


def missing_drivers(design: Design) -> list[str]:
    """Return the drivers of the design's ports, or what is asked of them, that is not written in C++, sorted."""
    asked = {port.driver for port in design.ports.values() if port.driver} - _known_drivers()
    asked |= {
        f"{port.driver} with {', '.join(facts)}" for port in design.ports.values() if (facts := port.driver_facts())
    }
    if any(one.packets and one.driven and one.ready is None for one in design.streams):
        asked.add("source without ready")
    return sorted(asked)


def build_native(design: Design, cache: Path, tool: VerilatorTool) -> Build:
    """Compile `design`, or find it in `cache`.

    Raises:
        BuildError: a driver is missing, Verilator refused the RTL, or g++ refused the C++.
        PrerequisiteError, InputFileError, OutputError: as `build_verilator`.
    """
    if missing := missing_drivers(design):
        raise BuildError(f"{design.name}: no C++ driver yet for {', '.join(missing)}")
    if design.clock is None or len(design.all_clocks) > 1 or design.reset is None:
        raise BuildError(f"{design.name}: not yet for designs without a clock, with several, or without a reset")
    code = _code()
    worker = "".join(text for name, text in code.items() if name != "model.cpp")
    recipe = Recipe(
        "native",
        (*_OPTIONS, *(_KEPT if may_loop_for_ever(design) else ())),
        code | {"design.inc": f"constexpr double kPeriodNs = {design.clock.period_ns};\n"},
        {"worker.o": worker},
        make_options=_OPTIMISED,
        wrapper_of=bare_wrapper_text,
    )
    return build_recipe(design, cache, tool, recipe)


@lru_cache(maxsize=1)
def _code() -> dict[str, str]:
    """Return name -> text of the C++ files."""
    files = sorted(file for file in _CODE.iterdir() if file.suffix in (".hpp", ".cpp"))
    drivers = "".join(f'#include "{file.name}"\n' for file in files if file.name.endswith(_DRIVER))
    return {file.name: file.read_text(encoding="utf-8") for file in files} | {_INCLUDED: drivers}


def _known_drivers() -> set[str]:
    return {name.removesuffix(_DRIVER) for name in _code() if name.endswith(_DRIVER)}
