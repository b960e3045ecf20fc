"""Screening of tests before a hunt: which of them does a buggy copy play exactly as the clean design does?

The native path answers it, for all tests in one call. It has two states. So registers that no reset reaches hold zeros,
ones, and random values, one after the other, and only a copy that does the same as the clean design from each of these
power-up states counts as equal: where such a register would show as X on a simulator with four states, they differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.observation import ReferenceModel
from dv_agent.designs.program import Program
from dv_agent.errors import PrerequisiteError, SimulationError
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.cocotb.session import HANG_SECONDS
from dv_agent.runners.native.checked_session import CheckedSession
from dv_agent.runners.native.digests import ONES, RANDOM, ZEROS, DigestSession, ProgramFile
from dv_agent.runners.native.several_copies import CopyBuilds
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import Session
from dv_agent.runners.verilator import VerilatorSimulator

_TWO_STATES, _FOUR_STATES = (ZEROS,), (ZEROS, ONES, RANDOM)
_FIRST = 16  # most bugs are killed early


class Screening:
    """The clean design, and its digests of the tests that are hunted with.

    Args:
        four_states: whether the simulator whose verdict counts knows X.
        copies: the copies that will be compared with it.

    Raises:
        BuildError, PrerequisiteError: the native path cannot be used.
    """

    def __init__(self, design: Design, four_states: bool, copies: Sequence[Design]) -> None:
        self.copies = CopyBuilds(copies, cache_folder(), find_verilator())
        self.fills = _FOUR_STATES if four_states else _TWO_STATES
        self._clean = DigestSession(design, self.fills)
        self.number = 0
        self._begin(design, ())

    def begin(self, design: Design, programs: Sequence[Program]) -> None:
        """Take other tests."""
        self._begin(design, programs)
        self.digests = self._clean.of(self.file)

    def _begin(self, design: Design, programs: Sequence[Program]) -> None:
        self.file, self.digests = ProgramFile(design, programs), list[bytes]()
        self.number += 1

    def close(self) -> None:
        """End the worker; may be called twice."""
        self._clean.close()


class ScreenedCopy:
    """A buggy copy: answers for one test after the other whether it does the same as the clean design.

    Attributes:
        usable: whether its answers can be relied on.
    """

    def __init__(self, screening: Screening, design: Design) -> None:
        self._screening, self._design = screening, design
        self._session: DigestSession | None = None
        self._checked: Session | None = None
        self.usable = True
        self._number = 0
        self._digests: list[bytes] = []

    def same(self, place: int) -> bool:
        """Return whether it does the same in the test at `place`; False if that is not known."""
        if not self.usable:
            return False
        clean = self._screening.digests
        if self._number != self._screening.number:
            self._number, self._digests = self._screening.number, []
        while place >= len(self._digests) and place < len(clean):
            self._play_more()
        return place < len(clean) and self._digests[place] == clean[place]

    def failures(self, place: int, program: Program, model: ReferenceModel) -> tuple[CheckFailure, ...] | None:
        """Return the checks that fail, as far as two states show, in the test at `place`, or in a cut form of it; None
        if it hangs or crashes.
        """
        if place < len(self._digests) and not self._digests[place]:
            return None
        if self._checked is None:
            self._checked = self._worker_session()
        trace = self._checked.run(program).trace
        return tuple(check(self._design, trace, model.observe(trace)))

    def _worker_session(self) -> Session:
        """Return a worker of the copy that returns rows."""
        built, judge = self._screening.copies.of(self._design), VerilatorSimulator()
        return CheckedSession(self._design, built, HANG_SECONDS, Repeats(), judge, share=0)

    def distrust(self) -> None:
        """Say that the simulator whose verdict counts knows better: from now on nothing is known here."""
        self.usable = False
        self.close()

    def close(self) -> None:
        """End the worker; may be called twice."""
        for one in (self._session, self._checked):
            if one:
                one.close()
        self._session = self._checked = None

    def _play_more(self) -> None:
        known = len(self._digests)
        try:
            if self._session is None:
                built = self._screening.copies.of(self._design)
                self._session = DigestSession(self._design, self._screening.fills, built=built)
            more = self._session.of(self._screening.file, known, None if known else _FIRST)
        except (PrerequisiteError, SimulationError):
            self.usable = False
            self._digests += [b""] * (len(self._screening.digests) - known)  # nothing is known about the rest
            return
        # The test in which the RTL hangs or crashes has no digest, and is not the same.
        self._digests += more or [b""]


def screening_of(design: Design, four_states: bool, copies: Sequence[Design]) -> Screening | None:
    """Return a screening; None if the native path cannot be used for this design."""
    try:
        return Screening(design, four_states, copies)
    except (PrerequisiteError, SimulationError):
        return None
