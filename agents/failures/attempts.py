"""The nouns of shrinking: what one attempt did, how many are allowed, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test
from dv_agent.runners.checks.failure import CheckFailure


@dataclass(frozen=True, slots=True)
class Limits:
    """When shrinking stops: simulated tests and cycles, and wall time as a safety net for slow simulators."""

    tests: int = 1_000
    cycles: int = 300_000
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What one test did; `step_starts` as in `dv_agent.runners.simulator.Run`."""

    failures: tuple[CheckFailure, ...]
    cycles: int
    step_starts: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest test that was found.

    Attributes:
        tests, cycles: what was simulated for it.
        stopped: why shrinking ended early or could not begin; empty where it went to its end.
    """

    test: Test
    tests: int
    cycles: int
    stopped: str = ""
