"""Comparing a design with a golden one: the same tests on both, differences, and the smallest test that shows one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dv_agent.agents.comparison.golden_tests import limited
from dv_agent.agents.failures.attempts import Limits, Shrunk, Tried
from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.sample_window import window_lines
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import RESET_TRACK
from dv_agent.designs.trace import Trace
from dv_agent.errors import UsageError
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.comparison.common_ports import CommonPorts, common_ports
from dv_agent.runners.comparison.pin_by_pin import pin_differences
from dv_agent.runners.comparison.transactions import Latency, latencies, transaction_differences
from dv_agent.runners.simulator import Session, Simulator
from dv_agent.runners.waves import dump_waves

SHOWN, EXCERPT = 5, 10
"""Differences of one test that are kept, and cycles of its pins around the first."""


@dataclass(frozen=True, slots=True)
class TestComparison:
    """One test on both designs; `differences` are the first ones, earliest first."""

    __test__ = False

    test: Test
    differences: tuple[CheckFailure, ...]
    latencies: tuple[Latency, ...]
    cycles: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        tests: every test that could be played on both designs.
        refused: why the other ones could not be played.
        smallest: a smaller test that shows the first difference; None without one.
        shown: the differences in that smaller test.
        excerpt: the pins of both designs in it, in some cycles around the first difference, as lines of a table.
        waves: commands that open waveforms of it, of the golden design and of the other one.
    """

    ports: CommonPorts
    tests: tuple[TestComparison, ...]
    refused: tuple[str, ...]
    smallest: Shrunk | None = None
    shown: tuple[CheckFailure, ...] = ()
    excerpt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waves: tuple[str, ...] = field(default=())

    @property
    def different(self) -> tuple[TestComparison, ...]:
        """The tests with a difference."""
        return tuple(one for one in self.tests if one.differences)

    @property
    def nothing_checked(self) -> str:
        """Why nothing was compared; empty if a test was."""
        return "" if self.cycles else "no test could be played on both designs"

    @property
    def cycles(self) -> int:
        """Simulated cycles of the golden design."""
        return sum(one.cycles for one in self.tests)


class Comparer:
    """Plays tests on a golden design and on another one.

    Args:
        pins: whether outputs are compared pin by pin in the same cycle, instead of by transaction.

    Raises:
        UsageError: the designs have no output in common.
    """

    def __init__(self, golden: DesignFolder, changed: DesignFolder, simulator: Simulator, pins: bool) -> None:
        self.ports = common_ports(golden.design, changed.design)
        if not self.ports.comparable:
            notes = "".join(f"\n  {note}" for note in self.ports.notes)
            raise UsageError(f"nothing to compare: the two designs have no output port in common{notes}")
        self._golden, self._changed = _without_probes(golden), _without_probes(changed)
        self._simulator, self._pins = simulator, pins
        self._schema = _schema_for(golden, changed)
        resets = {*golden.design.tracks} & {*changed.design.tracks} & {RESET_TRACK}
        self._tracks = self.ports.tracks | resets

    def compare(
        self, tests: Sequence[Test], *, waves: Path | None = None, limits: Limits | None = None,
        say: Callable[[str], None] = lambda words: None,
    ) -> Comparison:  # fmt: skip
        """Return the differences over `tests`, and the smallest test found for the first of them.

        Args:
            waves: folder for the waveforms of that test.

        Raises:
            SimulationError, PrerequisiteError: see `Simulator.open` and `Session.run`.
        """
        done: list[TestComparison] = []
        refused: list[str] = []
        with ExitStack() as stack:
            here = stack.enter_context(self._simulator.open(self._golden.design))
            there = stack.enter_context(self._simulator.open(self._changed.design))
            for index, test in enumerate(tests):
                say(f"test {index + 1} of {len(tests)}")
                try:
                    done.append(self._play(here, there, limited(test, self._tracks))[0])
                except StimulusError as error:
                    refused.append(f"test {index} ({test.name or 'no name'}): {error}")
            result = Comparison(self.ports, tuple(done), tuple(refused))
            first = min(result.different, key=lambda one: one.cycles, default=None)
            if first is not None:
                say("shrinking the test")
                result = self._shrunk(result, first, here, there, limits)
        return replace(result, waves=self._waves(result, waves)) if waves and result.smallest else result

    def _play(self, here: Session, there: Session, test: Test) -> tuple[TestComparison, Tried]:
        run = here.run(expand(self._golden.design, self._golden.schema, test))
        expected, seen = run.trace, there.run(expand(self._changed.design, self._schema, test)).trace
        differences = self._differences(expected, seen)
        late = () if differences else tuple(latencies(self._golden.design, self.ports, expected, seen))
        compared = TestComparison(test, differences[:SHOWN], late, expected.cycles)
        return compared, Tried(differences, expected.cycles + seen.cycles, run.step_starts)

    def _differences(self, expected: Trace, seen: Trace) -> tuple[CheckFailure, ...]:
        if self._pins:
            return pin_differences(self._golden.design, self._changed.design, expected, seen)
        return transaction_differences(self._golden.design, self.ports, expected, seen)

    def _shrunk(
        self, result: Comparison, first: TestComparison, here: Session, there: Session, limits: Limits | None
    ) -> Comparison:
        golden = self._golden
        smallest = shrink(
            golden.design, golden.schema, first.test, first.differences[0],
            lambda test: self._play(here, there, test)[1], limits or Limits(seconds=60.0),
        )  # fmt: skip
        shown = self._play(here, there, smallest.test)[0].differences or first.differences
        excerpt = self._excerpt(here, there, smallest.test, shown[0].cycle or 0)
        return replace(result, smallest=smallest, shown=shown, excerpt=excerpt)

    def _excerpt(self, here: Session, there: Session, test: Test, cycle: int) -> dict[str, tuple[str, ...]]:
        golden, changed = self._golden.design, self._changed.design
        seen = {
            "golden": (golden, here.run(expand(golden, self._golden.schema, test)).trace),
            "changed": (changed, there.run(expand(changed, self._schema, test)).trace),
        }
        return {
            word: window_lines(design, trace, cycle, EXCERPT, payload=True) for word, (design, trace) in seen.items()
        }

    def _waves(self, result: Comparison, room: Path) -> tuple[str, ...]:
        assert result.smallest
        found = []
        for word, folder, schema in (
            ("golden", self._golden, self._golden.schema), ("changed", self._changed, self._schema),
        ):  # fmt: skip
            program = expand(folder.design, schema, result.smallest.test)
            found.append(dump_waves(self._simulator, folder.design, program, room / f"{word}.fst").command)
        return tuple(found)


def _without_probes(folder: DesignFolder) -> DesignFolder:
    """Return the design as it is seen from outside: its state may be kept in other registers."""
    return DesignFolder(folder.design.model_copy(update={"probes": {}}), home=folder.path)


def _schema_for(golden: DesignFolder, changed: DesignFolder) -> StimulusSchema:
    """Return the schema that tests are expanded with on `changed`: the golden one, as far as there are such tracks."""
    tracks = {name: track for name, track in golden.schema.tracks.items() if name in changed.design.tracks}
    missing = {name: track for name, track in changed.schema.tracks.items() if name not in tracks}
    return golden.schema.model_copy(update={"tracks": {**tracks, **missing}})


def summary(result: Comparison) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "tests": len(result.tests),
        "cycles": result.cycles,
        "nothing_checked": result.nothing_checked,
        "different": [index for index, one in enumerate(result.tests) if one.differences],
        "ports": {
            "compared": {name: list(fields) for name, fields in result.ports.results.items()},
            "levels": [f"{name}.{field}" for name, field in result.ports.levels],
            "notes": list(result.ports.notes),
        },
        "refused": list(result.refused),
        "latency": sorted({str(late) for one in result.tests for late in one.latencies}),
        "first": [one.model_dump(mode="json") for one in result.shown],
        "smallest": None if result.smallest is None else result.smallest.test.data(),
        "excerpt": {word: list(lines) for word, lines in result.excerpt.items()},
        "not_shrunk": result.smallest.stopped if result.smallest else "",
        "waves": list(result.waves),
    }
