"""The testbench of an agent with tools: it samples decoys besides the plan, and gives waveforms of the run's tests."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.resimulation import UNLIMITED
from dv_agent.agents.state import RunState, advance
from dv_agent.agents.testbench import Simulated, Testbench
from dv_agent.agents.toolbox.inner_signals import InnerSignals, play_inner
from dv_agent.agents.toolbox.inspection.expectations import Expectations, expectations
from dv_agent.agents.toolbox.text import ToolError
from dv_agent.agents.tools.decoys import decoy_plan
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.holes import Hole, holes
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import Program
from dv_agent.designs.trace import Trace
from dv_agent.prompts.benchmark_track import CLOSURE, Track
from dv_agent.prompts.view import Attempt, Near
from dv_agent.runners.simulator import Run, Session

TRACES = 4
"""Maximum number of waveforms that are kept."""


class Decoys:
    """Decoys of a run, with the distances of its tests to them.

    Args:
        plan: the real plan.
        chosen: ids from `choose_decoys`.
        tap: the session on which the run's tests are simulated.
    """

    def __init__(self, folder: DesignFolder, plan: Plan, chosen: Sequence[str], tap: RememberingSession) -> None:
        self.plan = decoy_plan(plan, chosen)
        self._bench = Testbench(folder, self.plan, tap.again())
        self._state = RunState(empty_coverage(self.plan))
        self._near: dict[int, tuple[Near, ...]] = {}

    def add(self, test: Test) -> None:
        """Sample the test that the tapped session simulated last."""
        number = self._state.tests
        self._state, _ = advance(self._state, Proposal(tests=(test,)), self._bench, UNLIMITED)
        self._near[number] = self._state.last[-1].near

    def holes(self) -> tuple[Hole, ...]:
        """Return the decoys that no test has hit."""
        return holes(self.plan, self._state.coverage)

    def hit(self) -> tuple[str, ...]:
        """Return the ids of decoys that a test did hit, which refutes the plan's argument."""
        return tuple(one.id for one, n in zip(self.plan.bins, self._state.coverage.hits, strict=True) if n)

    def attempt(self, index: int) -> Attempt | None:
        """Return the test with the smallest distance to bin `index` of `plan`."""
        return self._state.nearest.get(index)

    def near(self, test: int) -> tuple[Near, ...]:
        """Return the bins of `plan` to which test number `test` came nearer than all tests before it."""
        return self._near.get(test, ())


class ToolsTestbench(Testbench):
    """Testbench that also samples decoys, so that they are up to date after each test of the run.

    Args:
        inner: whether inner signals can be shown, which needs Icarus.

    Attributes:
        decoys: None if there are none.
    """

    def __init__(
        self, folder: DesignFolder, plan: Plan, session: Session, chosen: Sequence[str] = (), inner: bool = True,
        track: Track = CLOSURE,
    ) -> None:  # fmt: skip
        tap = RememberingSession(session)
        super().__init__(folder, plan, tap, track)
        self._shows_inner = inner
        self.decoys = Decoys(folder, plan, chosen, tap) if chosen else None
        self._plain = Testbench(folder, plan, session)
        self._traces: dict[str, Trace] = {}
        self._limits: dict[str, int | None] = {}

    @property
    def decoy_ids(self) -> tuple[str, ...]:
        """As `Testbench.decoy_ids`."""
        return tuple(one.id for one in self.decoys.plan.bins) if self.decoys else ()

    def simulate(self, test: Test, max_cycles: int | None = None) -> Simulated:
        """As `Testbench.simulate`."""
        self._limits[test.digest] = max_cycles
        try:
            done = super().simulate(test, max_cycles)
        except StimulusError:
            self._add(test)  # also refused for the decoys, so that test numbers agree
            raise
        self._add(test)
        return done

    def _add(self, test: Test) -> None:
        if self.decoys:
            self.decoys.add(test)

    def trace(self, test: Test) -> Trace:
        """Simulate a test of the run again for its waveform; its cycles were counted in the budget when it ran."""
        if test.digest not in self._traces:
            kept = list(self._traces.items())[-TRACES + 1 :]
            self._traces = {**dict(kept), test.digest: self._plain.run(test, (), self._limits.get(test.digest)).trace}
        return self._traces[test.digest]

    def expectations(self, test: Test) -> Expectations:
        """Return what was due in a test of the run, and what failed."""
        return expectations(self.folder, self.trace(test))

    def inner(self, test: Test, wanted: Sequence[str], cycles: int) -> InnerSignals:
        """Return inner signals in the first cycles of a test.

        Raises:
            ToolError: this simulator cannot show inner signals.
            SimulationError: the simulator failed.
        """
        if not self._shows_inner:
            raise ToolError("inner signals can be shown with the simulator icarus only; pins with every one")
        design = self.folder.design
        program = expand(design, self.folder.schema, test, self._limits.get(test.digest))
        return play_inner(design, program, wanted, cycles)


class RememberingSession:
    """Session that keeps its last simulated run, so that it can be sampled a second time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.last: Run | None = None

    def again(self) -> Session:
        """Return a session that simulates nothing: each run of it returns the last run of this session."""
        return _Again(self)

    def run(self, program: Program) -> Run:
        """See `Session.run`."""
        self.last = self._session.run(program)
        return self.last

    def close(self) -> None:
        """See `Session.close`."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Again(RememberingSession):
    def __init__(self, tap: RememberingSession) -> None:
        super().__init__(tap)
        self._tap = tap

    def run(self, program: Program) -> Run:
        del program
        if self._tap.last is None:
            raise ValueError("nothing was played yet")
        return self._tap.last

    def close(self) -> None:
        """Do nothing: another object closes the session."""
