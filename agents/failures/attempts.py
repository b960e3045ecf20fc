"""Data classes of shrinking: the result of one attempt, the limits on attempts, and the final result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test
from dv_agent.runners.checks.failure import CheckFailure


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits at which shrinking stops: simulated tests and cycles, and wall time in case the simulator is slow."""

    tests: int = 1_000
    cycles: int = 300_000
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of one test; `step_starts` as in `dv_agent.runners.simulator.Run`."""

    failures: tuple[CheckFailure, ...]
    cycles: int
    step_starts: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest test that was found.

    Attributes:
        tests, cycles: number of tests and cycles simulated to find it.
        stopped: why shrinking ended early or could not start; empty if it was completed.
    """

    test: Test
    tests: int
    cycles: int
    stopped: str = ""
