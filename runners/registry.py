"""The simulators by name."""

from __future__ import annotations

from dv_agent.errors import UnknownNameError
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.native.simulator import NATIVE, NativeSimulator
from dv_agent.runners.simulator import Simulator
from dv_agent.runners.verilator import VerilatorSimulator

SIMULATOR_NAMES = ("icarus", "verilator", NATIVE)


def find_simulator(name: str) -> Simulator:
    """Return a simulator with its default settings.

    Raises:
        UnknownNameError: there is no simulator of that name.
    """
    if name == "icarus":
        return IcarusSimulator()
    if name == "verilator":
        return VerilatorSimulator()
    if name == NATIVE:
        return NativeSimulator()
    raise UnknownNameError("simulator", name, SIMULATOR_NAMES)
