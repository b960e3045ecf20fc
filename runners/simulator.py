"""The interface between dv-agent and a simulator: `Simulator` opens a `Session`, a session plays programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.designs.trace import Trace
from dv_agent.runners.cocotb.row_forms import RowForm

NATIVE = "native"
"""The name of the simulator without cocotb."""


class Recorded(NamedTuple):
    """Rows as a simulator recorded them, and their form."""

    form: RowForm
    rows: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one program.

    Attributes:
        trace: what the monitors saw.
        step_starts: track -> (cycle, step) pairs in cycle order: from that cycle on, the track played that
            top-level step of the test. Empty if the simulator hung or crashed.
        released: waits (``after``) that could never end and were released.
        recorded: the samples as the simulator recorded them; None if there was no simulator.
        seconds: wall time spent in the simulator, in seconds; the only part that differs between two runs.
        code: one bit for each counter of code coverage, lowest bit first: whether it counted anything since power-up,
            see `CodeCounter.index`; empty without code coverage, and if the simulator hung or crashed.
    """

    trace: Trace
    step_starts: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    released: int = 0
    recorded: Recorded | None = field(default=None, repr=False, compare=False)
    seconds: float = 0.0
    code: bytes = field(default=b"", repr=False)

    @property
    def rows(self) -> bytes:
        """The samples, one character of ``01XZ`` for each bit of a cycle, see `dv_agent.runners.build.wrappers.layout`.

        Empty if there was no simulator.
        """
        return self.recorded.form.text(self.recorded.rows) if self.recorded else b""


class Session(Protocol):
    """One design under simulation. Every run starts from power-up and reset, so the order of runs does not matter."""

    def run(self, program: Program) -> Run:
        """Play one program.

        RTL that hangs, crashes or calls ``$finish`` is a result (`End.HUNG`, `End.CRASHED`); the session stays usable.
        A simulator that was killed gives no result: the program is played again in a fresh process.

        Raises:
            UsageError: the program does not fit the design.
            SimulatorCrash, SimulatorTimeout: the simulation ends or hangs even in the initial reset.
            SimulatorLost: the simulator was killed from outside, in every try.
        """
        ...

    def close(self) -> None:
        """End the simulator; may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Simulator(Protocol):
    """A way to simulate designs."""

    @property
    def name(self) -> str:
        """Short name, such as ``icarus``."""
        ...

    @property
    def repeated(self) -> int:
        """Number of simulations repeated so far, in all sessions, because their process was killed."""
        ...

    def version(self) -> str:
        """Return the tool's own version line.

        Raises:
            PrerequisiteError: the tool is not installed.
        """
        ...

    def with_code(self) -> Simulator:
        """Return this simulator with code coverage.

        Raises:
            UsageError: it cannot count any.
        """
        ...

    def counters(self, design: Design) -> tuple[CodeCounter, ...]:
        """Build the design (or take it from the cache) and return its counters; none without code coverage.

        Raises:
            PrerequisiteError, BuildError: see `open`.
        """
        ...

    def open(self, design: Design, *, waves: Path | None = None) -> Session:
        """Build the design (or take it from the cache) and start a session.

        Args:
            waves: file to write a waveform to; such a session plays one program only.

        Raises:
            PrerequisiteError: the tool is not installed.
            BuildError: the tool refused the RTL.
            SimulatorCrash, SimulatorTimeout, SimulatorLost: the build succeeded, but the simulator does not start.
        """
        ...
