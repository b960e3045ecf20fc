"""The testbench of a design: it expands and simulates one test, observes and checks the trace, and samples coverage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dv_agent.agents.foretold_outputs import foretold_outputs
from dv_agent.agents.nearest_samples import NearestSamples
from dv_agent.agents.sample_window import sampled_values, window_lines
from dv_agent.coverage.code.group import CODE, CodeSampler
from dv_agent.coverage.contribution import NO_VALUE, UNSEEN, Sample, closeness
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.designs.cycle_tables import cycle_tables, join
from dv_agent.designs.defaults.tables_from_trace import TraceObserver
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.rtl_files import included_files
from dv_agent.designs.trace import End, Trace
from dv_agent.prompts.benchmark_track import CLOSURE, Track
from dv_agent.prompts.view import Attempt, Near
from dv_agent.runners.checks.ending import Ended, Waiting, waiting_of
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.simulator import Run, Session

if TYPE_CHECKING:
    from dv_agent.designs.reader.structure import Structure


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated test, observed and checked, whose coverage is not sampled yet."""

    test: Test
    run: Run
    seen: Observed
    tables: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one simulated test.

    Attributes:
        sample: its coverage; without hits if the simulator hung or crashed.
        near: the targets, each with the smallest distance that this test reached.
        failures: failed checks, not yet confirmed in a fresh process.
        step_starts: see `Run`.
        waiting: what the test waited for at its end, if it waited.
    """

    test: Test
    trace: Trace
    sample: Sample
    near: tuple[Near, ...]
    failures: tuple[CheckFailure, ...]
    step_starts: Mapping[str, Sequence[tuple[int, int]]]
    waiting: Waiting | None = None

    def ended(self, index: int) -> Ended:
        """Return how the test ended; `index` is its number in the run."""
        return Ended(index, self.trace.end, self.trace.cycles, bool(self.failures), self.waiting)

    def steps_at(self, cycle: int) -> dict[str, int]:
        """Return, for each track, the step that was running in `cycle`."""
        return _StepFinder(self.step_starts).at(cycle)


class DesignRtl:
    """RTL of a design, read at the first access."""

    def __init__(self, design: Design) -> None:
        self._design = design

    @cached_property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(file name, text) of each source, in compile order."""
        return tuple((file.name, read_text(file)) for file in self._design.source_files())

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """(file name, text) of each header that the sources include, directly or not."""
        design = self._design
        found = included_files(list(design.source_files()), [design.base / name for name in design.include_dirs])
        return tuple((file.name, read_text(file)) for file in sorted(found - set(design.source_files())))

    @cached_property
    def structure(self) -> Structure:
        """The structure that the RTL reader finds; it is cached next to the builds of the simulators."""
        from dv_agent.designs.reader.parse_rtl import read_rtl

        return read_rtl(self._design, cache_folder() / "structures")


class Testbench:
    """A design, its plan and an open simulator session.

    Args:
        folder: the design with schema and reference model.
        plan: the coverage plan that is sampled.
        session: an open session of `folder.design`; the caller closes it.
        track: what an agent may know; agents without a model have the track `closure`.
    """

    __test__ = False

    def __init__(self, folder: DesignFolder, plan: Plan, session: Session, track: Track = CLOSURE) -> None:
        self.folder, self.plan, self.track = folder, plan, track
        self._session, self._sampler = session, Sampler(plan)
        self._code = CodeSampler(plan.code) if plan.code else None
        self.nearest = NearestSamples(folder.design, folder.schema, plan, self.simulate)

    @property
    def decoy_ids(self) -> tuple[str, ...]:
        """Ids of the unreachable bins among the holes; none, unless the agent has tools."""
        return ()

    @cached_property
    def foretold(self) -> tuple[str, ...]:
        """The outputs that are compared with the reference model in every cycle."""
        return foretold_outputs(self.folder)

    @cached_property
    def rtl(self) -> DesignRtl:
        """The simulated RTL."""
        return DesignRtl(self.folder.design)

    def run(self, test: Test, targets: Sequence[int] = (), max_cycles: int | None = None) -> Result:
        """Simulate `test` and sample its coverage; see `simulate` and `sampled`."""
        return self.sampled([self.simulate(test, max_cycles)], targets)[0]

    def simulate(self, test: Test, max_cycles: int | None = None) -> Simulated:
        """Simulate, observe and check `test`.

        Args:
            max_cycles: cycles after which the test is cut if the design would allow more: it then ends as `End.BUDGET`,
                and cycles after the cut are neither sampled nor checked.

        Raises:
            StimulusError: the test cannot be expanded.
            SimulationError: the simulator itself failed.
        """
        design = self.folder.design
        program = expand(design, self.folder.schema, test, max_cycles)
        done = self._session.run(program)
        if done.trace.end == End.LIMIT and program.max_cycles < design.limits.max_cycles:
            done = replace(done, trace=replace(done.trace, end=End.BUDGET))
        seen = observe(self.folder, done.trace, self.plan)
        tables = seen.tables | ({CODE: self._code.table(done.code)} if self._code and done.code else {})
        if done.trace.end in (End.HUNG, End.CRASHED):
            tables = {}  # a crashed or hung simulator covers no bins
        return self.nearest.keep(Simulated(test, done, seen, tables))

    def window(self, attempt: Attempt) -> tuple[str, ...]:
        """Return the pins around the sample with which a test came nearest to a hole; it was paid for when it ran."""
        from dv_agent.prompts.sections import WINDOW

        last = max(0, attempt.near.cycle - WINDOW * 3 // 4) + WINDOW
        again = self.simulate(attempt.test, last)
        members = sampled_values(self.plan, self.plan.bins[attempt.near.bin], again.tables)
        return window_lines(self.folder.design, again.run.trace, attempt.near.cycle, WINDOW, more=members)

    def sampled(self, tests: Sequence[Simulated], targets: Sequence[int] = ()) -> tuple[Result, ...]:
        """Sample the coverage of several tests, in one call; the result of each is the same as if it were alone.

        Args:
            targets: indices of the bins whose distance is measured.
        """
        partial = [not one.run.trace.signals for one in tests]
        samples = self._sampler.sample_turn([one.tables for one in tests], targets, partial)
        return tuple(self._result(one, sample, targets) for one, sample in zip(tests, samples, strict=True))

    def _result(self, one: Simulated, sample: Sample, targets: Sequence[int]) -> Result:
        failures = one.seen.failures + _illegal(sample)
        near = _near(sample, one, targets, self.plan)
        return Result(one.test, one.run.trace, sample, near, failures, one.run.step_starts, one.seen.waiting)


class Observed(NamedTuple):
    """All event tables of a trace, the failed checks, and what the test waited for at its end."""

    tables: dict[str, Table]
    failures: tuple[CheckFailure, ...]
    waiting: Waiting | None


def observe(folder: DesignFolder, trace: Trace, plan: Plan) -> Observed:
    """Run the observer and the checks of the reference model on a trace.

    Tables that `plan` samples and the model does not give are made from the trace alone: an automatic plan needs them.
    """
    observation: Observation = folder.model.observe(trace)
    failures = check(folder.design, trace, observation)
    shared = cycle_tables(folder.design, trace)
    own = {**observation.tables, **shared}
    plain = {} if own.keys() >= set(plan.tables) else TraceObserver(folder.design).observe(trace).tables
    tables = join({**plain, **own}, shared["cycle"])
    return Observed(tables, failures, waiting_of(folder.design, trace, observation))


def _near(sample: Sample, one: Simulated, targets: Sequence[int], plan: Plan) -> tuple[Near, ...]:
    wanted = np.asarray(targets, dtype=np.int64)
    wanted = wanted[(sample.distance[wanted] < UNSEEN) & (sample.nearest_row[wanted] >= 0)]
    distances = map(closeness, sample.distance[wanted].tolist(), sample.residual[wanted].tolist())
    # A table without cycles tells nothing of when it was: the first steps stand for it.
    cycles = np.maximum(sample.nearest_cycle[wanted], 0).tolist()
    steps = map(_StepFinder(one.run.step_starts).at, cycles)
    bins = wanted.tolist()
    seen = [
        () if NO_VALUE in (told := tuple(row[: len(plan.bins[bin_].members) or 1])) else told
        for bin_, row in zip(bins, sample.nearest_values[wanted].tolist(), strict=True)
    ]
    return tuple(map(Near, bins, distances, steps, seen, cycles))


class _StepFinder:
    """Finds the steps that were running in a cycle; cycles that recur are looked up once."""

    def __init__(self, step_starts: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        tracks = step_starts.items()
        self._tracks = [(track, [start for start, _ in starts], starts) for track, starts in tracks if starts]
        self._known: dict[int, dict[str, int]] = {}

    def at(self, cycle: int) -> dict[str, int]:
        """Return, for each track, the step that was running in `cycle`; the first one before it began."""
        if cycle not in self._known:
            self._known[cycle] = {
                track: starts[max(bisect_right(cycles, cycle) - 1, 0)][1] for track, cycles, starts in self._tracks
            }
        return self._known[cycle]


def _illegal(sample: Sample) -> tuple[CheckFailure, ...]:
    return tuple(
        CheckFailure(check="illegal_bin", port="", cycle=hit.cycle, message=f"{hit.bin} was hit: {hit.why}")
        for hit in sample.illegal
    )
