"""A design of two modules, built once with code coverage, and a recorded run on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prerequisites import need

from dv_agent.agents.runs.goal import open_goal
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.runners.simulator import Session, Simulator
from dv_agent.runners.verilator import VerilatorSimulator

GAUGE = Path(__file__).parent / "gauge"


@pytest.fixture(scope="session")
def gauge() -> DesignFolder:
    return load_design(GAUGE)


@pytest.fixture(scope="session")
def opened(gauge: DesignFolder) -> tuple[Plan, Simulator]:
    """The plan of both goals, and Verilator with code coverage; its builds stay in the user's cache."""
    need("verilator")
    return open_goal(gauge, "both", VerilatorSimulator())


@pytest.fixture(scope="session")
def plan(opened: tuple[Plan, Simulator]) -> Plan:
    return opened[0]


@pytest.fixture(scope="session")
def simulator(opened: tuple[Plan, Simulator]) -> Simulator:
    return opened[1]


@pytest.fixture(scope="session")
def session(gauge: DesignFolder, simulator: Simulator) -> Iterator[Session]:
    with simulator.open(gauge.design) as opened:
        yield opened
