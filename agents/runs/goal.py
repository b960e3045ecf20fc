"""The goal of a run: functional coverage (the plan), code coverage (points of the RTL), or both."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dv_agent.coverage.code.group import Goal, with_code
from dv_agent.coverage.code.points import CodePoints, merge_counters
from dv_agent.coverage.code.storage import read_points, write_points
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.runners.simulator import Simulator


class HasGoal(Protocol):
    """The header of a run or of a session."""

    @property
    def goal(self) -> Goal:
        """Its goal."""
        ...


def simulator_of_goal(given: str | None, goal: Goal) -> str:
    """Return the simulator to use: the given one, else the one that can count what the goal needs."""
    return given or ("icarus" if goal == "functional" else "verilator")


def open_goal(folder: DesignFolder, goal: Goal, simulator: Simulator) -> tuple[Plan, Simulator]:
    """Return the plan of a goal, and the simulator that samples it.

    Raises:
        UsageError: this simulator cannot count code coverage, or there is nothing to count.
        PrerequisiteError, BuildError: see `Simulator.open`.
    """
    if goal == "functional":
        return functional_plan(folder), simulator
    simulator = simulator.with_code()
    points = merge_counters(simulator.counters(folder.design))
    return _joined(folder, goal, points), simulator


def functional_plan(folder: DesignFolder) -> Plan:
    """Return the plan of functional coverage."""
    return load_plan(folder.path / "plan.yaml")


def _joined(folder: DesignFolder, goal: Goal, points: CodePoints) -> Plan:
    return with_code(functional_plan(folder), points, alone=goal == "code")


def recorded_plan(record: Path, header: HasGoal, folder: DesignFolder) -> Plan:
    """Return the plan of a record, with the points of code coverage that the record holds; nothing is built.

    Args:
        record: the folder of the run or session.

    Raises:
        InputFileError: the points in the record are missing or broken.
    """
    if header.goal == "functional":
        return functional_plan(folder)
    return _joined(folder, header.goal, read_points(record))


def keep_points(record: Path, plan: Plan) -> None:
    """Write the points of `plan`, if it has any, into the folder of a run or session."""
    if plan.code:
        write_points(record, plan.code)


def check_same_points(record: Path, plan: Plan) -> None:
    """Check that today's build has the points of the record, so that its tests hit the same bins.

    Raises:
        UsageError: it has others, as with another version of the simulator.
    """
    if plan.code and read_points(record).hash != plan.code.hash:
        raise UsageError(f"{record} was made with other points of code coverage: by another version of the simulator")
