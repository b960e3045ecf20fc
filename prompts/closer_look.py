"""What a closer look at a nearest sample tells: conditions some cycles apart, and the item of a loop under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dv_agent.coverage.sampling.cycles_apart import Apart


class Moved(NamedTuple):
    """The transfers of a port that were nearest to a sample.

    Attributes:
        before, after: cycles to the last one before it and to the first one behind it; both 0 for one in that very
            cycle, None if there is none near.
    """

    port: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Closer:
    """A closer look at one nearest sample.

    Attributes:
        apart: the conditions of the bin that were met some cycles apart in that test.
        test: of a bin with no nearest sample, the place in the last turn of the test that this is of.
        moved: of a bin that wants something in the very cycle of an event: when the ports moved around the sample.
        items: track -> number of the packet or write under way, from 0, in a step that makes several.
        loops: track -> loop variables of that item.
    """

    apart: Apart | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    loops: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    test: int | None = None
    moved: tuple[Moved, ...] = ()
