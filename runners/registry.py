"""The simulators by name."""

from __future__ import annotations

from collections.abc import Callable

from dv_agent.designs.design import Design
from dv_agent.errors import UnknownNameError
from dv_agent.runners.simulator import NATIVE, Simulator

SIMULATOR_NAMES = ("icarus", "verilator", NATIVE)


def usable_name(name: str, design: Design) -> tuple[str, str]:
    """Return the name of a simulator that can build `design`, and what to tell if it is not the one asked for.

    What Verilator can build, ``native`` can be asked for: it falls back by itself, and says why.

    Raises:
        UnknownNameError: design.yaml names only simulators that do not exist.
    """
    if not design.simulators or name in design.simulators or (name == NATIVE and "verilator" in design.simulators):
        return name, ""
    able = next((one for one in design.simulators if one in SIMULATOR_NAMES), None)
    if able is None:
        raise UnknownNameError(f"simulator in design.yaml of {design.name}", design.simulators[0], SIMULATOR_NAMES)
    return able, f"{design.name}: simulated with {able}; design.yaml says that {name} cannot build it"


def usable_simulator(name: str, design: Design, tell: Callable[[str], None]) -> Simulator:
    """Return the simulator `name`, or one that can build `design`, which is told.

    Raises:
        UnknownNameError: see `usable_name` and `find_simulator`.
    """
    used, told = usable_name(name, design)
    if told:
        tell(told)
    return find_simulator(used)


def fastest_name(name: str, design: Design) -> str:
    """Return ``native`` if it can simulate `design`, else `name`; for traffic of which a part is played on `name` too.

    A name that is not the default is kept: whoever named a simulator wants that one.
    """
    if name != SIMULATOR_NAMES[0] or (design.simulators and "verilator" not in design.simulators):
        return name
    from dv_agent.runners.build.verilator_tool import verilator_status
    from dv_agent.runners.native.compilation import missing_drivers

    return NATIVE if verilator_status().usable and not missing_drivers(design) else name


def find_simulator(name: str) -> Simulator:
    """Return a simulator with its default settings.

    Raises:
        UnknownNameError: there is no simulator of that name.
    """
    if name == "icarus":
        from dv_agent.runners.icarus import IcarusSimulator

        return IcarusSimulator()
    if name == "verilator":
        from dv_agent.runners.verilator import VerilatorSimulator

        return VerilatorSimulator()
    if name == NATIVE:
        from dv_agent.runners.native.simulator import NativeSimulator

        return NativeSimulator()
    raise UnknownNameError("simulator", name, SIMULATOR_NAMES)
