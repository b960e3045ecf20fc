"""Plays tests on one mutant: pins are compared first, checks follow where they differ, kills are confirmed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from dv_agent.agents.failures.kind import kind_of
from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import ReferenceModel
from dv_agent.designs.program import Program
from dv_agent.errors import SimulatorCrash, SimulatorTimeout
from dv_agent.eval.mutants.clean_tests import CleanTest
from dv_agent.eval.mutants.data_model import DIFFERS, Difference, Oracle
from dv_agent.eval.mutants.one_mutant.pin_differences import first_difference
from dv_agent.eval.mutants.selection import ICARUS
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.recording.pin_replay import PinReplaySession, recording_of
from dv_agent.runners.simulator import Run, Session, Simulator

_DEAD = (SimulatorTimeout, SimulatorCrash)


class CleanSide(Protocol):
    """What mutants are compared with."""

    folder: DesignFolder
    simulator: str
    oracle: Oracle
    model: ReferenceModel

    @property
    def clean(self) -> Session:
        """A session of the clean RTL."""
        ...


@dataclass
class Seen:
    """What the tests have shown so far: the test that showed a difference first, and its difference."""

    cycles: int = 0
    test: CleanTest | None = None
    difference: Difference | None = None


class MutantPlayer:
    """Plays tests on one mutant.

    Args:
        stack: closes the simulators.
    """

    def __init__(self, side: CleanSide, design: Design, simulator: Simulator, stack: ExitStack) -> None:
        self._side, self._design, self._simulator, self._stack = side, design, simulator, stack
        self._session: Session | None = None
        self._replay: PinReplaySession | None = None

    def open(self) -> Session:
        """Return a session of the mutant, which stays open."""
        if self._session is None:
            self._session = self._stack.enter_context(self._simulator.open(self._design))
        return self._session

    def played(self, test: CleanTest, seen: Seen, first: bool = False) -> CheckFailure | None:
        """Play a test; return the failure that a fresh process confirms, or note a difference that nothing fails on.

        Args:
            first: whether it is the first of its tests, which mostly kills: the pins are not compared before.
        """
        program = test.given.program(self._side.folder)
        if not first and self._replays_the_same(test):
            seen.cycles += test.cycles
            return None
        try:
            run = self.open().run(program)
        except _DEAD as error:
            return self._dead(error)
        seen.cycles += run.trace.cycles
        if test.recording and recording_of(self._design, run.rows, run.trace.end) == test.recording:
            return None
        if failure := self._confirmed(program, run):
            return failure
        if seen.test is None or test.cycles < seen.test.cycles:
            difference = first_difference(self._design, self._side.clean.run(program), run)
            seen.test, seen.difference = (test, difference) if difference else (seen.test, seen.difference)
        return None

    def _replays_the_same(self, test: CleanTest) -> bool:
        """Return whether the pins do as recorded, found out without drivers and checks, where that is possible."""
        if test.recording is None or self._side.simulator != ICARUS:
            return False
        try:
            if self._replay is None:
                self._replay = self._stack.enter_context(PinReplaySession(self._design))
            return self._replay.same(test.recording)
        except _DEAD:
            return False

    def _confirmed(self, program: Program, run: Run) -> CheckFailure | None:
        """Return the first failure, if a process of its own comes to one of the same kind, or else its first one."""
        found = self._failures(program, run)
        if not found:
            return None
        with self._simulator.open(self._design) as fresh:
            again = self._failures(program, fresh.run(program))
        return next((one for one in again if kind_of(one) == kind_of(found[0])), again[0] if again else None)

    def _failures(self, program: Program, run: Run) -> tuple[CheckFailure, ...]:
        failures = check(self._design, run.trace, self._side.model.observe(run.trace))
        if failures or self._side.oracle == "checks":
            return failures
        found = first_difference(self._design, self._side.clean.run(program), run)
        if found is None:
            return ()
        return (CheckFailure(check=DIFFERS, port=found.port, cycle=found.cycle, message=found.message),)

    def _dead(self, error: Exception) -> CheckFailure | None:
        """Return the failure of RTL that does not survive its initial reset, if a fresh process ends so too."""
        name = "hung" if isinstance(error, SimulatorTimeout) else "crashed"
        try:
            with self._simulator.open(self._design) as fresh:
                fresh.run(Program({}, 1))
        except _DEAD as again:
            if type(again) is type(error):
                return CheckFailure(check=name, cycle=0, message=str(error)[:2000])
        return None
