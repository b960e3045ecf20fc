"""The bug hunt of a trial: runs its tests against the seeded bugs of the design; reports which are killed, and when.

The result equals that of `eval.soundness.kills.hunt`, at lower cost: a test cannot kill a bug if the buggy copy behaves
exactly as the clean design, so this is checked first, without reference model or checks: by the native path for all
tests in one call (`screening.py`), and where that finds a difference or cannot be used, by replay of the recorded pins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.seeded_bugs import Bug, broken_copy, load_bugs
from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import Program
from dv_agent.eval.evaluation.data_model import BugOutcome, KillSheet
from dv_agent.eval.execution.screening import ScreenedCopy, Screening, screening_of
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.recording.pin_replay import PinRecording, PinReplaySession, recording_of
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import Session, Simulator

_FOUR_STATES = "icarus"
_SCREEN_FROM = 30_000
# The simulator whose verdict counts plays the first tests in any case: what its X would change shows right after
# power-up.
_AUDITED = 2


@dataclass(frozen=True, slots=True)
class CleanTest:
    """A test, and what the clean design did in it.

    Attributes:
        index: its number in the run.
        place: its number among the tests that are hunted with.
        comparable: whether it passes on the clean design; if not, every buggy copy is simulated and checked.
        cycles: cycles that the clean design took.
    """

    index: int
    place: int
    program: Program
    comparable: bool
    cycles: int


class Hunter:
    """Copies of one design, each with one seeded bug, built and started once for the tests of any number of trials.

    Args:
        folder: folder of the clean design.
        simulator: the one whose verdict counts.
        screen_from: the number of cycles from which on it pays to build the native workers of a screening.
    """

    def __init__(self, folder: DesignFolder, simulator: Simulator, screen_from: int = _SCREEN_FROM) -> None:
        self.folder, self.simulator = folder, simulator
        self._stack = ExitStack()
        room = self._stack.enter_context(scratch_folder())
        self._clean: Session | None = None
        self._repeats = Repeats()
        self._screen_from = screen_from
        self._tried = False
        self.screening: Screening | None = None
        self._recordings: dict[int, PinRecording | None] = {}
        self._store = RecordingStore()
        self._copies = [_Copy(self, bug, room, self._stack, self._repeats) for bug in load_bugs(folder)]

    @property
    def repeated(self) -> int:
        """Return how many simulations were repeated so far because their process was killed."""
        return self.simulator.repeated + self._repeats.count

    def hunt(
        self,
        records: Sequence[TestRecord],
        store: RecordingStore,
        max_cycles: int | None = None,
        tell: Callable[[str], None] = lambda bug: None,
    ) -> KillSheet:
        """Run the tests of a run, in order, against each bug until a test kills it or the cycles are used up.

        The test in which the cycles run out is cut there.

        Args:
            store: pin recordings made when the tests ran; missing ones are simulated again.
            tell: called with the id of each bug before it is hunted.

        Raises:
            BuildError: a buggy copy does not build.
            SimulationError: the simulator itself failed.
        """
        played = [record for record in records if not record.error]
        tests = [self._clean_test(place, record) for place, record in enumerate(played)]
        self._store, self._recordings = store, {}
        self._screen(tests)
        outcomes = []
        for copy in self._copies:
            tell(copy.bug.id)
            outcomes.append(copy.outcome(tests, max_cycles))
        return KillSheet(tests=tests_digest(record.test for record in records), outcomes=tuple(outcomes))

    def _screen(self, tests: Sequence[CleanTest]) -> None:
        if not self._tried and sum(test.cycles for test in tests) >= self._screen_from:
            self._tried = True
            self.screening = screening_of(self.folder.design, self.simulator.name == _FOUR_STATES)
            if self.screening:
                self._stack.callback(self.screening.close)
        if self.screening:
            self.screening.begin(self.folder.design, [test.program for test in tests])

    def close(self) -> None:
        """Stop all simulators and remove the copies."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def recording(self, test: CleanTest) -> PinRecording | None:
        """Return the pin recording of the clean design; None if nothing can be compared with it."""
        if not test.comparable:
            return None
        if test.place not in self._recordings:
            self._recordings[test.place] = self._store.get(test.program) or self._record(test.program)
        return self._recordings[test.place]

    def _clean_test(self, place: int, record: TestRecord) -> CleanTest:
        program = expand(self.folder.design, self.folder.schema, record.test, record.max_cycles)
        # A test that fails on the clean design also fails on every copy that behaves the same.
        return CleanTest(record.index, place, program, not record.failures, record.cycles)

    def _record(self, program: Program) -> PinRecording | None:
        if self._clean is None:
            self._clean = self._stack.enter_context(self.simulator.open(self.folder.design))
        done = self._clean.run(program)
        return recording_of(self.folder.design, done.rows, done.trace.end)


class _Copy:
    """A copy of the design with one bug; its simulators start when they are first needed."""

    def __init__(self, hunter: Hunter, bug: Bug, room: Path, stack: ExitStack, repeats: Repeats) -> None:
        self.bug = bug
        self._hunter, self._folder, self._simulator = hunter, hunter.folder, hunter.simulator
        self._room, self._stack, self._repeats = room, stack, repeats
        self._in_screening: ScreenedCopy | None = None

    @cached_property
    def _design(self) -> Design:
        return broken_copy(self._folder, self.bug, self._room).design

    @property
    def _screened(self) -> ScreenedCopy | None:
        if self._hunter.screening and not self._in_screening:
            self._in_screening = ScreenedCopy(self._hunter.screening, self._design)
            self._stack.callback(self._in_screening.close)
        return self._in_screening

    @cached_property
    def _replay(self) -> PinReplaySession | None:
        if self._simulator.name != _FOUR_STATES:
            return None
        return self._stack.enter_context(PinReplaySession(self._design, repeats=self._repeats))

    @cached_property
    def _session(self) -> Session:
        return self._stack.enter_context(self._simulator.open(self._design))

    def outcome(self, tests: Sequence[CleanTest], max_cycles: int | None) -> BugOutcome:
        cycles = 0
        for test in tests:
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
        done = self._session.run(program)
        cycles = done.trace.cycles
        recording = self._hunter.recording(test)
        if recording and recording_of(self._design, done.rows, done.trace.end) == recording:
            return cycles, None
        if comparable and self._screened and self._screened.same(test.place):
            self._screened.distrust()
        model = self._folder.model
        if not check(self._design, done.trace, model.observe(done.trace)):
            return cycles, None
        confirmed = confirm(self._simulator, self._design, program, model)
        return cycles, (confirmed[0] if confirmed else None)

    def _behaves_as_clean(self, test: CleanTest) -> bool:
        """Return whether it is known that the copy does in this test exactly as the clean design did."""
        if self._screened and self._screened.usable:
            return test.place >= _AUDITED and self._screened.same(test.place)
        recording = self._hunter.recording(test)
        return recording is not None and self._replay is not None and self._replay.same(recording)


def tests_digest(tests: Iterable[Test]) -> str:
    """Return the SHA-256 (hexadecimal) over the stimulus of all tests, in order."""
    return hashlib.sha256("\n".join(test.digest for test in tests).encode()).hexdigest()
