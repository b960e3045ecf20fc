"""The bug hunt of a trial: runs its tests against the seeded bugs of the design; reports which are killed, and when.

The result equals that of `eval.soundness.kills.hunt`, at lower cost: a test cannot kill a bug if the buggy copy behaves
exactly as the clean design, so this is checked first, without reference model or checks: by the native path for all
tests in one call (`screening.py`), and where that finds a difference or cannot be used, by replay of the recorded pins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.evaluation.data_model import KillSheet
from dv_agent.eval.execution.seeded_bugs.buggy_side import BuggyCopy
from dv_agent.eval.execution.seeded_bugs.clean_side import CleanDesign
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import Simulator

SCREEN_FROM = 30_000


class Hunter:
    """Copies of one design, each with one seeded bug, built and started once for the tests of any number of trials.

    Args:
        folder: folder of the clean design.
        simulator: the one whose verdict counts.
        screen_from: the number of cycles from which on it pays to build the native workers of a screening.
    """

    def __init__(self, folder: DesignFolder, simulator: Simulator, screen_from: int = SCREEN_FROM) -> None:
        self.folder, self.simulator = folder, simulator
        self._stack = ExitStack()
        room = self._stack.enter_context(scratch_folder())
        self._repeats = Repeats()
        self._clean = CleanDesign(
            folder, simulator, self._stack, screen_from, lambda: [copy.design for copy in self._copies]
        )
        self._copies = [BuggyCopy(self._clean, bug, room, self._stack, self._repeats) for bug in load_bugs(folder)]

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
        self._clean.begin(records, store)
        outcomes = []
        for copy in self._copies:
            tell(copy.bug.id)
            outcomes.append(copy.outcome(max_cycles))
        return KillSheet(tests=tests_digest(record.test for record in records), outcomes=tuple(outcomes))

    def close(self) -> None:
        """Stop all simulators and remove the copies."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def tests_digest(tests: Iterable[Test]) -> str:
    """Return the SHA-256 (hexadecimal) over the stimulus of all tests, in order."""
    return hashlib.sha256("\n".join(test.digest for test in tests).encode()).hexdigest()
