"""The goal of a run: functional coverage (the plan), code coverage (points of the RTL), or both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dv_agent.agents.runs.request import RunRequest
from dv_agent.coverage.code.group import Goal, with_code
from dv_agent.coverage.code.points import CodePoints, merge_counters
from dv_agent.coverage.code.storage import read_points, write_points
from dv_agent.coverage.goal import has_plan, plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.runners.build.verilator_tool import verilator_status
from dv_agent.runners.simulator import Simulator


class HasGoal(Protocol):
    """The header of a run or of a session."""

    @property
    def goal(self) -> Goal:
        """Its goal."""
        ...


def default_goal(folder: DesignFolder, simulator: str | None) -> tuple[Goal, str]:
    """Return the goal of a run for which none was given, and a word on why, if it is not the usual one.

    A design without a plan of its own is measured by its code too, where a simulator can count it.

    Args:
        simulator: the one that was asked for; None if none was.
    """
    if has_plan(folder):
        return "functional", ""
    if simulator not in (None, "verilator"):
        return "functional", ""
    status = verilator_status()
    if not status.usable:
        return (
            "functional",
            f"no plan.yaml, and no code coverage without Verilator ({status.reason}): --goal functional",
        )
    return "both", "no plan.yaml: bins are made from the ports, and code coverage counts too (--goal both)"


def goal_of(request: RunRequest, folder: DesignFolder, say: Callable[[str], None]) -> Goal:
    """Return the goal of a new run: the given one, else the default, which is told if it is not the usual one."""
    if request.goal:
        return request.goal
    goal, why = default_goal(folder, request.simulator)
    if why:
        say(why)
    return goal


def simulator_of_goal(given: str | None, goal: Goal | None) -> str:
    """Return the simulator to use: the given one, else the one that can count what the goal needs."""
    return given or ("icarus" if goal in (None, "functional") else "verilator")


def open_goal(
    folder: DesignFolder, goal: Goal | None, simulator: Simulator, *, certified: bool = True
) -> tuple[Plan, Simulator]:
    """Return the plan of a goal, and the simulator that samples it.

    Args:
        certified: whether points of code are excluded that a certificate of the design proves unreachable.

    Raises:
        UsageError: this simulator cannot count code coverage, or there is nothing to count.
        PrerequisiteError, BuildError: see `Simulator.open`.
    """
    if goal in (None, "functional"):
        return plan_of(folder, certified=certified), simulator
    simulator = simulator.with_code()
    points = merge_counters(simulator.counters(folder.design))
    if certified:
        from dv_agent.coverage.certificates.exclusions import with_certificate

        points = with_certificate(folder, points)
    return _joined(folder, goal, points), simulator


def _joined(folder: DesignFolder, goal: Goal | None, points: CodePoints) -> Plan:
    return with_code(plan_of(folder), points, alone=goal == "code")


def recorded_plan(record: Path, header: HasGoal, folder: DesignFolder) -> Plan:
    """Return the plan of a record, with the points of code coverage that the record holds; nothing is built.

    Args:
        record: the folder of the run or session.

    Raises:
        InputFileError: the points in the record are missing or broken.
    """
    if header.goal == "functional":
        return plan_of(folder)
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
        raise UsageError(
            f"{record} was made with other points of code coverage: by another version of the simulator, or with "
            "another certificate-code.json; begin a new one"
        )
