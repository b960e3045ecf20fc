"""What a closer look at a nearest sample tells: conditions some cycles apart, and the item of a loop under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from dv_agent.coverage.sampling.cycles_apart import Apart

if TYPE_CHECKING:
    from dv_agent.prompts.view import Attempt, Played


@dataclass(frozen=True, slots=True)
class Closer:
    """A closer look at one nearest sample.

    Attributes:
        apart: the conditions of the bin that were met some cycles apart in that test.
        test: of a bin with no nearest sample, the place in the last turn of the test that this is of.
        items: track -> number of the packet or write under way, from 0, in a step that makes several.
        loops: track -> loop variables of that item.
    """

    apart: Apart | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    loops: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    test: int | None = None


class CloserLook(Protocol):
    """Looks closer at nearest samples; it costs no cycles of a budget, the tests were paid for."""

    def closer(self, attempts: Mapping[int, Attempt]) -> Mapping[int, Closer]:
        """Return what there is to tell of the attempts, by bin; of many or long tests only the first are looked at."""
        ...

    def unsampled(self, bins: Sequence[int], tests: Sequence[Played]) -> Mapping[int, Closer]:
        """Return, of bins without a nearest sample, how many cycles apart their conditions were met in any test."""
        ...


class NoCloserLook:
    """Tells nothing: no test has run, or the track hides the plan."""

    def closer(self, attempts: Mapping[int, Attempt]) -> Mapping[int, Closer]:
        """Return nothing."""
        del attempts
        return {}

    def unsampled(self, bins: Sequence[int], tests: Sequence[Played]) -> Mapping[int, Closer]:
        """Return nothing."""
        del bins, tests
        return {}


NO_CLOSER_LOOK = NoCloserLook()
