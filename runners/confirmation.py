"""Confirmation of a failure in a fresh simulator process before it is reported."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.designs.observation import ReferenceModel
from dv_agent.designs.program import Program
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.native.simulator import judge_of
from dv_agent.runners.simulator import Simulator


def confirm(simulator: Simulator, design: Design, program: Program, model: ReferenceModel) -> tuple[CheckFailure, ...]:
    """Return the checks that `program` fails in a simulator process of its own; empty if it fails none.

    What the native path found is confirmed through cocotb.

    Raises:
        SimulationError, PrerequisiteError: see `Simulator.open` and `Session.run`.
    """
    with judge_of(simulator).open(design) as session:
        trace = session.run(program).trace
    return check(design, trace, model.observe(trace))
