"""The waveform of any test: simulated again when somebody wants to look, and kept for the next window of cycles."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.failures.excerpt_cut import WIDTH, excerpt_at, make_excerpt
from dv_agent.agents.runs.assembly import open_design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import Trace
from dv_agent.errors import UsageError
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.registry import find_simulator

KEPT = 4


@dataclass(frozen=True, slots=True)
class WaveformSetup:
    """What a test is simulated with: a design by name, perhaps with a seeded bug, and a simulator by name."""

    design: str
    bug: str | None
    simulator: str


@dataclass(frozen=True, slots=True)
class PlayedTest:
    """A test that was simulated again."""

    folder: DesignFolder
    trace: Trace
    failures: tuple[CheckFailure, ...]


@dataclass(frozen=True, slots=True)
class WaveformWindow:
    """Some cycles of a test.

    Attributes:
        excerpt: None where the simulator shows no signals.
        before, after: first cycles of the windows beside it; None where there is none.
        cycles: of the whole test.
    """

    excerpt: Excerpt | None
    before: int | None
    after: int | None
    cycles: int
    failures: tuple[CheckFailure, ...]


class Waveforms:
    """Simulates one test at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[WaveformSetup, str, int | None], PlayedTest] = OrderedDict()
        self._lock = Lock()

    def window(
        self, rig: WaveformSetup, test: Test, start: int | None, max_cycles: int | None = None
    ) -> WaveformWindow:
        """The cycles from `start` on; around the first failed check, else from the beginning, if None.

        Args:
            max_cycles: where the budget cut it.

        Raises:
            UsageError: no such design, bug or simulator, or a test that cannot be expanded.
            SimulationError: the simulator failed.
        """
        played = self._played(rig, test, max_cycles)
        design, trace = played.folder.design, played.trace
        failure = played.failures[0] if played.failures else None
        if start is None and failure is not None:
            excerpt = make_excerpt(design, trace, failure)
        else:
            excerpt = excerpt_at(design, trace, start or 0, failure)
        first = excerpt.start if excerpt else 0
        last = first + (excerpt.cycles if excerpt else 0)
        return WaveformWindow(
            excerpt=excerpt,
            before=max(first - WIDTH, 0) if first else None,
            after=last if last < trace.cycles else None,
            cycles=trace.cycles,
            failures=played.failures,
        )

    def _played(self, rig: WaveformSetup, test: Test, max_cycles: int | None) -> PlayedTest:
        key = rig, test.model_dump_json(), max_cycles
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _play(rig, test, max_cycles)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


def _play(rig: WaveformSetup, test: Test, max_cycles: int | None) -> PlayedTest:
    with scratch_folder() as room:
        folder = open_design(rig.design, rig.bug, room)
        try:
            program = expand(folder.design, folder.schema, test, max_cycles)
        except StimulusError as error:
            raise UsageError(f"this test cannot be simulated: {error}") from None
        with find_simulator(rig.simulator).open(folder.design) as session:
            trace = session.run(program).trace
        return PlayedTest(folder, trace, check(folder.design, trace, folder.model.observe(trace)))
