"""The clean side of a bug hunt: the tests, and what the clean design did in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import Program
from dv_agent.eval.execution.seeded_bugs.screening import Screening, screening_of
from dv_agent.runners.recording.pin_replay import PinRecording, recording_of
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.simulator import NATIVE, Session, Simulator

FOUR_STATES = "icarus"


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


class CleanDesign:
    """The clean design, and the tests that are hunted with.

    Args:
        simulator: the one whose verdict counts.
        stack: closes the simulators.
        screen_from: the number of cycles from which on it pays to build the native workers of a screening.
        copies: makes the buggy copies, all of which are built together.

    Attributes:
        tests: the tests.
        screening: answers which of them a copy plays as the clean design does; None if it does not pay or cannot be.
    """

    def __init__(
        self,
        folder: DesignFolder,
        simulator: Simulator,
        stack: ExitStack,
        screen_from: int,
        copies: Callable[[], list[Design]],
    ) -> None:
        self.folder, self.simulator = folder, simulator
        self.tests: list[CleanTest] = []
        self.screening: Screening | None = None
        self._stack, self._screen_from, self._tried = stack, screen_from, False
        self._copies = copies
        self._store = RecordingStore()
        self._recordings: dict[int, PinRecording | None] = {}

    def begin(self, records: Sequence[TestRecord], store: RecordingStore) -> None:
        """Take the tests of another run, without those that could not be expanded.

        Args:
            store: pin recordings made when the tests ran; missing ones are simulated again.
        """
        played = [record for record in records if not record.error]
        self.tests = [self._test(place, record) for place, record in enumerate(played)]
        self._store, self._recordings = store, {}
        if not self._tried and sum(test.cycles for test in self.tests) >= self._screen_from:
            self._tried = True
            self.screening = screening_of(self.folder.design, self.simulator.name == FOUR_STATES, self._copies())
            if self.screening:
                self._stack.callback(self.screening.close)
        if self.screening:
            self.screening.begin(self.folder.design, [test.program for test in self.tests])

    @property
    def is_native(self) -> bool:
        """Return whether the simulator whose verdict counts is the native path: its word is confirmed by cocotb."""
        return self.simulator.name == NATIVE

    def recording(self, test: CleanTest) -> PinRecording | None:
        """Return the pin recording of the clean design; None if nothing can be compared with it."""
        if not test.comparable:
            return None
        if test.place not in self._recordings:
            self._recordings[test.place] = self._store.get(test.program) or self._record(test.program)
        return self._recordings[test.place]

    def _test(self, place: int, record: TestRecord) -> CleanTest:
        program = expand(self.folder.design, self.folder.schema, record.test, record.max_cycles)
        # A test that fails on the clean design also fails on every copy that behaves the same.
        return CleanTest(record.index, place, program, not record.failures, record.cycles)

    @cached_property
    def _session(self) -> Session:
        return self._stack.enter_context(self.simulator.open(self.folder.design))

    def _record(self, program: Program) -> PinRecording | None:
        done = self._session.run(program)
        return recording_of(self.folder.design, done.rows, done.trace.end)
