"""The part of a design that a board needs: its plan and the titles of its seeded bugs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.loader import DesignFolder, find_recorded_design


@dataclass(frozen=True, slots=True)
class Task:
    """A design's title and plan; `bugs` maps the id of a seeded bug to its title."""

    title: str
    plan: Plan
    bugs: dict[str, str]


FindTask: TypeAlias = Callable[[str], Task]


def task_of(folder: DesignFolder) -> Task:
    """Return the task in a design folder.

    Raises:
        InputFileError: its plan or its list of bugs is broken.
    """
    plan = plan_of(folder)
    return Task(folder.design.title, plan, {bug.id: bug.title for bug in load_bugs(folder)})


def find_task(name: str) -> Task:
    """Return the task of an installed design.

    Raises:
        UnknownNameError: no such design.
    """
    return task_of(find_recorded_design(name))
