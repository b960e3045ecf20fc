"""The simulators by name."""

from __future__ import annotations

from dv_agent.errors import UnknownNameError
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Simulator

SIMULATOR_NAMES = ("icarus",)


def find_simulator(name: str) -> Simulator:
    """A simulator with its default settings.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name != "icarus":
        raise UnknownNameError("simulator", name, SIMULATOR_NAMES)
    return IcarusSimulator()
