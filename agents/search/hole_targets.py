"""What the search agent stores for each hole: the tests that came nearest, and the state of its climbs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test

POOL = 4
DRIFT = 0.2
PATIENCE = 300
CUTS = 2
"""Number of failed cuts of nearest tests to a few items, after which the hole is taken to need whole tests."""


@dataclass(frozen=True, slots=True)
class NearestTest:
    """A test at the smallest distance to a hole so far, cut after the steps that were being driven at that moment.

    Attributes:
        focus: track -> the step that was being driven when it came nearest.
        size: beats and steps, used as an estimate of its cost.
    """

    test: Test
    distance: float
    size: int
    focus: Mapping[str, int]


@dataclass(slots=True)
class Climb:
    """The pool of tests that one way of hunting starts from.

    Attributes:
        pool: at most `POOL` tests, all at the same distance.
        spent: cycles since the last progress; progress halves it.
        distance: the smallest distance of any test.
    """

    pool: list[NearestTest] = field(default_factory=list)
    spent: float = 0.0
    trims: int = 0
    distance: float = float("inf")

    def add(self, near: NearestTest, source: random.Random) -> None:
        """Add a test that is nearer than all, or equally near and not larger, or (with low probability) larger."""
        if near.distance < self.distance:
            self.pool, self.spent, self.trims = [near], self.spent / 2, 0
            self.distance = near.distance
        elif near.distance == self.distance:
            place = source.randrange(POOL)
            if place >= len(self.pool):
                self.pool.append(near)
            elif near.size <= self.pool[place].size or source.random() < DRIFT:
                self.pool[place] = near


@dataclass(slots=True)
class HoleTarget:
    """The two climbs of one hole.

    Attributes:
        whole: tests with all tracks.
        loose: a few items without timing, which may be placed anywhere in a longer test.
        before: number of items before the focus that the loose climb keeps.
        cut_due: whether a cut of the nearest test is to be tried.
        cuts: number of cuts tried without success.
    """

    whole: Climb = field(default_factory=Climb)
    loose: Climb = field(default_factory=Climb)
    before: int = 0
    cut_due: bool = True
    cuts: int = 0

    @property
    def distance(self) -> float:
        """Return the smallest distance of any test."""
        whole, loose = self.whole.distance, self.loose.distance
        return whole if whole < loose else loose

    @property
    def is_loose(self) -> bool:
        """Return whether a few items reach the same distance as whole tests."""
        return bool(self.loose.pool) and self.loose.distance <= self.whole.distance
