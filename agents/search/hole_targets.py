"""What the search agent stores for each hole: the tests that came nearest, and the state of its climbs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test

POOL = 4
DRIFT = 0.2
PATIENCE = 300
TAILS = (0, 2, 6, 16)
"""Items that may be kept after the focus; 0 cuts there, which is enough unless a sample asks for what follows it."""
CUTS = 2
"""Number of failed cuts of nearest tests to a few items, after which the hole is taken to need whole tests."""


@dataclass(frozen=True, slots=True)
class NearestTest:
    """A test at the smallest distance to a hole so far, with the steps that were being driven at that moment.

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


@dataclass(slots=True)
class Tails:
    """How often mutants of a covergroup's nearest tests were as near again, for each number of items after the focus.

    Later steps have no effect on what was sampled before them; but whether it is sampled at all may depend on what
    follows: a table may hold only those resets after which results leave.
    """

    tries: list[int] = field(default_factory=lambda: [0] * len(TAILS))
    kept: list[int] = field(default_factory=lambda: [0] * len(TAILS))

    def choose(self, source: random.Random) -> int:
        """Return a place in `TAILS`, more likely one that kept the distance, and a short one."""
        rates = [(kept + 1) / (tries + 2) for kept, tries in zip(self.kept, self.tries, strict=True)]
        weights = [rate * rate / (1 + tail / 4) for rate, tail in zip(rates, TAILS, strict=True)]
        return source.choices(range(len(TAILS)), weights)[0]

    def add(self, place: int, kept: bool) -> None:
        """Add the outcome of one mutant."""
        self.tries[place] += 1
        self.kept[place] += kept
