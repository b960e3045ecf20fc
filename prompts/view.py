"""Data class View: all information on a design and on the run so far that an agent may use.

It contains no path: an agent cannot reach witnesses, seeded bugs or the reference model through it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.database import Coverage
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Test
from dv_agent.errors import BuildError
from dv_agent.prompts.benchmark_track import CLOSURE, Track
from dv_agent.prompts.closer_look import Closer

if TYPE_CHECKING:
    from dv_agent.designs.reader.structure import Structure


class Near(NamedTuple):
    """A test that came to a hole nearer than, or as near as, every test before it.

    Attributes:
        bin: index of the hole in the plan.
        distance: see `dv_agent.coverage.holes`; smaller is nearer.
        steps: track -> index of the step that was being driven when the test came nearest.
        seen: the values at that sample: of each member of a cross; of a value bin; for a transition the value that came
            where the next step was wanted. Empty if there are none.
        cycle: of that sample; 0 if its table has no cycles.
    """

    bin: int
    distance: float
    steps: Mapping[str, int]
    seen: tuple[int, ...] = ()
    cycle: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one test.

    Attributes:
        cycles: simulated cycles.
        end: a value of `dv_agent.designs.trace.End`.
        new_bins: indices of the bins that it covered first.
        hits: indices of all bins that it hit.
        near: the holes that it came near to.
        failures: one line for each failed check.
        by_step: (track, step, bins) for steps that send items: those of `new_bins` that were first hit while an item of
            that step was the latest.
        ending: how it ended, in words, if `end` and `cycles` are not sufficient.
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
        """Return how it ended, in words."""
        return self.ending or f"{self.end} after {self.cycles} cycles"


class Played(NamedTuple):
    """A test of an earlier turn, and for how many cycles it ran."""

    test: Test
    cycles: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """The test that came nearest to a hole so far, in any turn, and for how many cycles it ran."""

    test: Test
    near: Near
    turn: int
    cycles: int = 0


class CloserLook(Protocol):
    """Looks closer at the samples of tests that have run, as far as they are not too many or too long."""

    def closer(self, attempts: Mapping[int, Attempt]) -> Mapping[int, Closer]:
        """Return what there is to tell of the nearest sample of each bin."""

    def unsampled(self, bins: Sequence[int], tests: Sequence[Played]) -> Mapping[int, Closer]:
        """Return, of bins without a nearest sample, how many cycles apart their conditions were met in any test."""


class NoCloserLook:
    """Tells nothing: no test has run, or the track hides the plan."""

    def closer(self, attempts: Mapping[int, Attempt]) -> Mapping[int, Closer]:
        """Return nothing."""
        return {}

    def unsampled(self, bins: Sequence[int], tests: Sequence[Played]) -> Mapping[int, Closer]:
        """Return nothing."""
        return {}


NO_CLOSER_LOOK = NoCloserLook()


@dataclass(frozen=True, slots=True)
class Window:
    """The cycles around the nearest sample of a hole, asked for by a model: a table of pins, its head first."""

    bin: str
    test: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message to a model and its reply.

    Attributes:
        turn: the turn it belongs to.
        new_bins: indices of the bins that the turn covered first.
        bins_hit: bins covered after the turn.
        tests: name of each test, and how many bins it covered first.
        structured: result of a request for structured output, see `dv_agent.agents.proposal.Structured`.
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
        """Return (file name, text) of each source."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return (file name, text) of each header that the sources include."""

    @property
    def structure(self) -> Structure:
        """Return the structure parsed from it; parsed on first use.

        Raises:
            BuildError: the RTL cannot be parsed.
        """


def is_readable(rtl: RtlSource) -> bool:
    """Return whether the reader understands the RTL."""
    try:
        return bool(rtl.structure.modules) or not rtl.files
    except BuildError:
        return False


@dataclass(frozen=True, slots=True)
class NoRtl:
    """Used when agents may not see the RTL."""

    files: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def structure(self) -> Structure:
        """Return an empty structure."""
        from dv_agent.designs.reader.structure import Structure

        return Structure(top="", front_end="", modules=())


@dataclass(frozen=True, slots=True)
class View:
    """The argument of `Agent.propose`.

    Attributes:
        specification: what the design shall do; empty if nobody has written it down.
        turn: number of finished turns.
        last: outcomes of the last turn's tests, in order.
        errors: what was dropped from the last proposal and why.
        budget_left: what remains of every bound that is set, such as ``{"cycles": 120000}``.
        nearest: hole index -> the best attempt at it; if it is missing here, it is looked up in `last`.
        rtl: of the design under test.
        exchanges: messages to the model and its replies, turn by turn; empty for agents without a model.
        earned: the tests that covered most bins first, the best one first.
        earlier: the tests that ran before the last turn, in order; `earlier_more` older ones are not kept.
        track: what of this the agent may know, see `dv_agent.prompts.restricted_view`.
        windows: what the last reply asked to look at.
        compared: whether a reference model says which outputs are due; else only rules of the ports are checked.
        rules: what tests are checked for, in words; empty if a reference model says it.
        rules_off: the rules that design.yaml switches off, each with its reason.
        foretold: the outputs that are compared with the reference model in every cycle.
        brief: the specification in few words, for strategies that want it so; empty if there is none.
        claimed: bins of which replies so far said that no test can hit them.
        look: looks closer at the nearest samples.
    """

    design: Design
    schema: StimulusSchema
    specification: str
    plan: Plan
    coverage: Coverage
    holes: Sequence[Hole]
    turn: int
    last: tuple[Outcome, ...] = ()
    errors: tuple[str, ...] = ()
    budget_left: Mapping[str, Any] = field(default_factory=dict)
    nearest: Mapping[int, Attempt] = field(default_factory=dict)
    rtl: RtlSource = NoRtl()
    exchanges: tuple[Exchange, ...] = ()
    earned: tuple[Outcome, ...] = ()
    earlier: tuple[Played, ...] = ()
    earlier_more: int = 0
    compared: bool = True
    rules: tuple[str, ...] = ()
    rules_off: tuple[str, ...] = ()
    foretold: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    track: Track = CLOSURE
    brief: str = ""
    claimed: tuple[str, ...] = ()
    look: CloserLook = NO_CLOSER_LOOK

    @property
    def tiered(self) -> bool:
        """Whether somebody has said, or measured, how rare the bins are; nobody has for an automatic plan."""
        return self.compared or any(one.tier != TIERS[0] for one in self.plan.bins if one.covergroup != CODE)
