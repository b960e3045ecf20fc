"""What the search agent remembers of each hole: the tests that came nearest, and how its climbs go."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test

POOL = 4
DRIFT = 0.2
PATIENCE = 300
CUTS = 2
"""How often a nearest test is cut to a few items in vain before the hole is taken to need the rest of its tests."""


@dataclass(frozen=True, slots=True)
class NearestTest:
    """A test that came as near to a hole as any, cut behind the steps that were under way then.

    Attributes:
        focus: track -> the step that was under way when it came nearest.
        size: beats and steps, which stand for its price.
    """

    test: Test
    distance: float
    size: int
    focus: Mapping[str, int]


@dataclass(slots=True)
class Climb:
    """The tests that one way of hunting starts from.

    Attributes:
        pool: at most `POOL`, all at one distance.
        spent: cycles since the last progress; progress forgives half.
    """

    pool: list[NearestTest] = field(default_factory=list)
    spent: float = 0.0
    trims: int = 0

    @property
    def distance(self) -> float:
        """The least distance of any test."""
        return self.pool[0].distance if self.pool else float("inf")

    def add(self, near: NearestTest, source: random.Random) -> None:
        """Take up a test that is nearer than all, or as near and not larger, or, now and then, larger."""
        if near.distance < self.distance:
            self.pool, self.spent, self.trims = [near], self.spent / 2, 0
        elif near.distance == self.distance:
            place = source.randrange(POOL)
            if place >= len(self.pool):
                self.pool.append(near)
            elif near.size <= self.pool[place].size or source.random() < DRIFT:
                self.pool[place] = near


@dataclass(slots=True)
class HoleTarget:
    """The two climbs to one hole.

    Attributes:
        whole: tests with all tracks.
        loose: a few items without timing, which may stand anywhere in a longer test.
        before: items before the focus that the loose climb keeps.
        cut_due: whether a cut of the nearest test is to be tried.
        cuts: how many were tried in vain.
    """

    whole: Climb = field(default_factory=Climb)
    loose: Climb = field(default_factory=Climb)
    before: int = 0
    cut_due: bool = True
    cuts: int = 0

    @property
    def distance(self) -> float:
        """The least distance of any test."""
        return min(self.whole.distance, self.loose.distance)

    @property
    def is_loose(self) -> bool:
        """Whether a few items do as well as whole tests."""
        return bool(self.loose.pool) and self.loose.distance <= self.whole.distance
