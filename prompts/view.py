"""The noun View: all that an agent may know of a design and of the run so far.

It holds no path: witnesses, seeded bugs and the reference model cannot be reached from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dv_agent.coverage.database import Coverage
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.reader.structure import Structure


@dataclass(frozen=True, slots=True)
class Near:
    """How near a test came to a hole, better than any test before it or as near as the best.

    Attributes:
        bin: index of the hole in the plan.
        distance: see `dv_agent.coverage.holes`; smaller is nearer.
        steps: track -> index of the step that was under way when the test came nearest.
    """

    bin: int
    distance: float
    steps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test did.

    Attributes:
        cycles: simulated cycles.
        end: a value of `dv_agent.designs.trace.End`.
        new_bins: indices of the bins that it covered first.
        hits: indices of all bins that it hit.
        near: the holes that it came near to.
        failures: one line for each failed check.
        by_step: (track, step, bins) for each step of a source or strobe track: the bins of `new_bins` whose first hit
            fell into that step.
        ending: how it ended, in words, where `end` and `cycles` do not say it all.
    """

    test: Test
    cycles: int
    end: str
    new_bins: tuple[int, ...]
    hits: tuple[int, ...]
    near: tuple[Near, ...] = ()
    failures: tuple[str, ...] = ()
    by_step: tuple[tuple[str, int, tuple[int, ...]], ...] = ()
    ending: str = ""

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        return self.ending or f"{self.end} after {self.cycles} cycles"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The test that came nearest to a hole so far, in whichever turn."""

    test: Test
    near: Near
    turn: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message to a model and its answer.

    Attributes:
        turn: the turn it belongs to.
        new_bins: indices of the bins that the turn covered first.
        bins_hit: bins covered after the turn.
        tests: name of each test, and how many bins it covered first.
        structured: what came of a wish for structured output, see `dv_agent.agents.proposal.Structured`.
    """

    turn: int
    user: str
    reply: str
    new_bins: tuple[int, ...]
    bins_hit: int
    tests: tuple[tuple[str, int], ...] = ()
    structured: str = ""


class RtlSource(Protocol):
    """The RTL of the design under test."""

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(file name, text) of each source."""
        ...

    @property
    def structure(self) -> Structure:
        """What was read from it; read when first asked for.

        Raises:
            BuildError: it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class NoRtl:
    """Where agents are not to see any RTL."""

    files: tuple[tuple[str, str], ...] = ()

    @property
    def structure(self) -> Structure:
        """Nothing."""
        return Structure(top="", front_end="", modules=())


@dataclass(frozen=True, slots=True)
class View:
    """What `Agent.propose` is given.

    Attributes:
        turn: turns done so far.
        last: outcomes of the last turn's tests, in order.
        errors: what was dropped from the last proposal and why.
        budget_left: what remains of every bound that is set, such as ``{"cycles": 120000}``.
        nearest: index of a hole -> the best attempt at it; what is missing here is looked up in `last`.
        rtl: of the design under test.
        exchanges: what a model was sent and what it said, turn by turn; empty for agents without one.
        earned: the tests that covered most bins first, the best one first.
    """

    design: Design
    schema: StimulusSchema
    specification: str
    plan: Plan
    coverage: Coverage
    holes: tuple[Hole, ...]
    turn: int
    last: tuple[Outcome, ...] = ()
    errors: tuple[str, ...] = ()
    budget_left: Mapping[str, Any] = field(default_factory=dict)
    nearest: Mapping[int, Attempt] = field(default_factory=dict)
    rtl: RtlSource = NoRtl()
    exchanges: tuple[Exchange, ...] = ()
    earned: tuple[Outcome, ...] = ()
