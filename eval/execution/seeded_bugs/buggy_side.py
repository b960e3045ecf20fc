"""The buggy side of a bug hunt: one copy of the design with one seeded bug, and which test kills it first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from dv_agent.designs.benchmark.seeded_bugs import Bug, broken_copy
from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.eval.evaluation.data_model import BugOutcome
from dv_agent.eval.execution.seeded_bugs.clean_side import FOUR_STATES, CleanDesign, CleanTest
from dv_agent.eval.execution.seeded_bugs.kill_judge import KillJudge
from dv_agent.eval.execution.seeded_bugs.screening import ScreenedCopy
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.recording.pin_replay import PinReplaySession, recording_of
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import Session

# The simulator whose verdict counts plays the first tests of a copy in any case: what its X would change shows right
# after power-up.
_AUDITED = 2


class BuggyCopy:
    """A copy of the design with one bug; its simulators start when they are first needed."""

    def __init__(self, clean: CleanDesign, bug: Bug, room: Path, stack: ExitStack, repeats: Repeats) -> None:
        self.bug = bug
        self._clean, self._folder, self._simulator = clean, clean.folder, clean.simulator
        self._room, self._stack, self._repeats = room, stack, repeats
        self._in_screening: ScreenedCopy | None = None
        self._audited = False

    @cached_property
    def design(self) -> Design:
        """Return the design with the bug; it is made when it is first asked for."""
        return broken_copy(self._folder, self.bug, self._room).design

    @property
    def _screened(self) -> ScreenedCopy | None:
        if self._clean.screening and not self._in_screening:
            self._in_screening = ScreenedCopy(self._clean.screening, self.design)
            self._stack.callback(self._in_screening.close)
        return self._in_screening

    @cached_property
    def _replay(self) -> PinReplaySession | None:
        if self._simulator.name != FOUR_STATES:
            return None
        return self._stack.enter_context(PinReplaySession(self.design, repeats=self._repeats))

    @cached_property
    def _session(self) -> Session:
        return self._stack.enter_context(self._simulator.open(self.design))

    def outcome(self, max_cycles: int | None) -> BugOutcome:
        """Play the tests until one kills the bug; the one in which the cycles run out is cut there."""
        screened = self._screened
        if screened and screened.usable:
            found = self._hunted(max_cycles)
            if not self._audited and not self._clean.is_native:
                self._audit(self._session)
            if screened.usable:
                return found
        return self._hunted(max_cycles)

    def _hunted(self, max_cycles: int | None) -> BugOutcome:
        cycles = 0
        for test in self._clean.tests:
            left = None if max_cycles is None else max_cycles - cycles
            if left is not None and left <= 0:
                break
            spent, failure = self._one(test, left)
            cycles += spent
            if failure:
                return self._noticed(failure, test, cycles)
        return BugOutcome(bug=self.bug.id, difficulty=self.bug.difficulty, killed=False, cycles=cycles)

    def _noticed(self, failure: CheckFailure, test: CleanTest, cycles: int) -> BugOutcome:
        return BugOutcome(
            bug=self.bug.id, difficulty=self.bug.difficulty, killed=True, check=failure.check, test=test.index,
            cycles=cycles,
        )  # fmt: skip

    def _one(self, test: CleanTest, left: int | None) -> tuple[int, CheckFailure | None]:
        """Return the cycles that the copy took (at most `left`), and the first failed check that a fresh process
        confirms.
        """
        comparable = test.comparable and (left is None or test.cycles <= left)
        if comparable and self._behaves_as_clean(test):
            return test.cycles, None
        program = test.program if left is None else replace(test.program, max_cycles=min(test.program.max_cycles, left))
        model = self._folder.model
        if self._screened and self._screened.usable:
            native = self._screened.failures(test.place, program, model)
            if native is None or native:
                return self._judged(program, native or ())
        done = self._session.run(program)
        cycles = done.trace.cycles
        recording = self._clean.recording(test)
        if recording and recording_of(self.design, done.rows, done.trace.end) == recording:
            return cycles, None
        if not check(self.design, done.trace, model.observe(done.trace)):
            return cycles, None
        confirmed = confirm(self._simulator, self.design, program, model)
        return cycles, (confirmed[0] if confirmed else None)

    def _judged(self, program: Program, native: Sequence[CheckFailure]) -> tuple[int, CheckFailure | None]:
        """Return what the simulator whose verdict counts says of a test that seems to fail, or cocotb in its place."""
        if self._clean.is_native:
            return self._judge.verdict(program, native)
        with self._simulator.open(self.design) as fresh:
            trace = fresh.run(program).trace
            self._audit(fresh)
        failures = check(self.design, trace, self._folder.model.observe(trace))
        return trace.cycles, (failures[0] if failures else None)

    @cached_property
    def _judge(self) -> KillJudge:
        return KillJudge(self.design, self._folder.model, self._stack)

    def _behaves_as_clean(self, test: CleanTest) -> bool:
        """Return whether it is known that the copy does in this test exactly as the clean design did."""
        if self._screened and self._screened.usable:
            return self._screened.same(test.place)
        recording = self._clean.recording(test)
        return recording is not None and self._replay is not None and self._replay.same(recording)

    def _audit(self, session: Session) -> None:
        """Compare what the screening says of the first tests with the simulator whose verdict counts, once."""
        screened = self._screened
        if self._audited or screened is None:
            return
        for test in self._clean.tests[:_AUDITED]:
            recording = self._clean.recording(test)
            if recording and screened.same(test.place):
                done = session.run(test.program)
                if recording_of(self.design, done.rows, done.trace.end) != recording:
                    screened.distrust()
                    return
        self._audited = True
