"""What a test of the run should have delivered: the reference model's outputs, and the checks that fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Expected
from dv_agent.designs.trace import Trace
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check


@dataclass(frozen=True, slots=True)
class Expectations:
    """The trace of a test, its expected outputs by port, and its failed checks, the earliest first."""

    trace: Trace
    expected: Mapping[str, Expected]
    failures: tuple[CheckFailure, ...]


def expectations(folder: DesignFolder, trace: Trace) -> Expectations:
    """Return what the scoreboard of `folder` says of a trace; tables of the model are left out."""
    observation = folder.model.observe(trace)
    return Expectations(trace, observation.expected, check(folder.design, trace, observation))
