"""Confirmation through cocotb of a kill that the native path found, for hunts whose own simulator is the native path.

A build for cocotb on Verilator takes ten times as long as one for Icarus. So Icarus is asked first, in a process that
is kept for all tests of a copy (each is played from power-up, in a copy of that process). Its word counts if the same
check fails at the same port in the same cycle. Otherwise cocotb on Verilator decides, in a fresh process.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property

from dv_agent.designs.design import Design
from dv_agent.designs.observation import ReferenceModel
from dv_agent.designs.program import Program
from dv_agent.errors import BuildError, PrerequisiteError, SimulationError, SimulatorLost
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Session
from dv_agent.runners.verilator import VerilatorSimulator

Verdict = tuple[int, CheckFailure | None]
"""Cycles of the test, and the first failed check; None if no check fails."""


class KillJudge:
    """Judges tests of one buggy copy.

    Args:
        stack: closes the simulator that is kept.
    """

    def __init__(self, design: Design, model: ReferenceModel, stack: ExitStack) -> None:
        self._design, self._model, self._stack = design, model, stack

    def verdict(self, program: Program, expected: Sequence[CheckFailure]) -> Verdict:
        """Return what cocotb says of a test.

        Args:
            expected: the checks that failed natively; empty if the RTL hung or crashed there.

        Raises:
            BuildError, PrerequisiteError, SimulationError: cocotb on Verilator cannot be used.
        """
        if expected and self._icarus:
            try:
                found = self._judged(self._icarus, program)
            except SimulatorLost:
                raise
            except SimulationError:
                found = 0, None
            if found[1] and _place(found[1]) == _place(expected[0]):
                return found
        with VerilatorSimulator().open(self._design) as fresh:
            return self._judged(fresh, program)

    @cached_property
    def _icarus(self) -> Session | None:
        try:
            return self._stack.enter_context(IcarusSimulator(lanes=False).open(self._design))
        except (BuildError, PrerequisiteError):
            return None

    def _judged(self, session: Session, program: Program) -> Verdict:
        trace = session.run(program).trace
        failures = check(self._design, trace, self._model.observe(trace))
        return trace.cycles, (failures[0] if failures else None)


def _place(failure: CheckFailure) -> tuple[str, str, int | None]:
    return failure.check, failure.port, failure.cycle
