"""What the search agent learns from outcomes: nearest tests, an item library, success rates of moves and sources."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dv_agent.agents.search.hole_targets import CUTS, HoleTarget, NearestTest, Tails
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.mutation import CutSizes, Span, snippet
from dv_agent.agents.search.number_streams.step_cycles import SteppedNumbers
from dv_agent.agents.search.number_streams.walk_choice import WalkChoice, WalkKind
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import Test
from dv_agent.prompts.view import Near, Outcome, View

CORPUS = 256
FORGET = 0.9
MOST_GAIN = 4.0
LEAST_GAIN = 1e-200
"""So that sources are still chosen after any number of tests without a gain."""
NEARER = 0.1
"""Value of a smaller distance that a hunt reached, in new bins."""
PRIOR_TRIES = 8

Kind = Literal["random", "swarm", "phases", "resets", "walks", "records", "hunt", "crossed"]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a test that was made for one hole.

    Attributes:
        loose: which of the hole's two climbs it belongs to.
        cut: an unmodified cut of the nearest test, which may or may not keep its distance.
        tail: place in `TAILS` of the items that were kept after the focus of a whole test.
        spans: position of its steps on each payload track of a chained test; empty where the part is the whole test.
    """

    hole: int
    loose: bool
    test: Test
    moves: tuple[str, ...] = ()
    before: int = 0
    cut: bool = False
    tail: int | None = None
    spans: Mapping[str, Span] = field(default_factory=dict)

    def holds(self, near: Near) -> bool:
        """Return whether the part was being driven when the test came nearest."""
        return any(start <= near.steps.get(name, -1) < stop for name, (start, stop) in self.spans.items())


@dataclass(frozen=True, slots=True)
class PendingTest:
    """A proposed test, to be credited when its outcome is known."""

    kind: Kind
    parts: tuple[Part, ...] = ()
    moves: tuple[str, ...] = ()
    walk: WalkKind | None = None
    stepped: SteppedNumbers | None = None


@dataclass(slots=True)
class MoveGain:
    """Recent gains and cycles of one source of tests."""

    gains: float = 1.0
    cycles: float = 1000.0
    tests: float = 5.0

    def add(self, gains: float, cycles: int) -> None:
        """Add the result of one test."""
        self.gains = max(FORGET * self.gains + min(gains, MOST_GAIN), LEAST_GAIN)
        self.cycles = FORGET * self.cycles + cycles
        self.tests = FORGET * self.tests + 1

    @property
    def rate(self) -> float:
        """Return gains per cycle."""
        return self.gains / self.cycles

    @property
    def cost(self) -> float:
        """Return cycles per test."""
        return self.cycles / self.tests


class Memory:
    """All state of the agent besides the view.

    Attributes:
        hunts: hole -> its climbs.
        library: bin -> the items that were being driven when it was first hit.
        corpus: tests that hit a bin first.
        pending: the tests of the last turn.
        walks: which walks through streams of numbers won most.
    """

    def __init__(self, plan: Plan, source: random.Random, guided: bool) -> None:
        self._plan, self._source, self._guided = plan, source, guided
        self.hunts: dict[int, HoleTarget] = {}
        self.library: dict[int, Test] = {}
        self.corpus: list[Test] = []
        self.pending: list[PendingTest] = []
        self.yields: dict[Kind, MoveGain] = {}
        self.moves: dict[str, list[int]] = {}
        self.tails: dict[str, Tails] = {}
        self.walks = WalkChoice()
        self._by_item: dict[tuple[int, str], list[int]] = {}

    def learn(self, view: View, sites: MoveSites) -> None:
        """Update the state from the outcomes of the last turn."""
        open_bins = set(view.coverage.open_bins.tolist())
        for outcome, child in zip(view.last, self.pending, strict=False):
            gained = self._keep_near(outcome, child, sites, open_bins) if self._guided else {}
            if outcome.new_bins and child.kind != "hunt":
                self.corpus = [*self.corpus, outcome.test][-CORPUS:]
            gains = len(outcome.new_bins) + NEARER * len(gained) * (child.kind == "hunt")
            self.yields.setdefault(child.kind, MoveGain()).add(gains, outcome.cycles)
            if child.walk:
                self.walks.learn(child.walk, len(outcome.new_bins), outcome.cycles)
            if child.stepped:
                self.walks.learn_steps(child.stepped, outcome, sites)
            for move in child.moves:
                self._record(move, None, gains > 0)
            near = {one.bin for one in outcome.near}
            sizes = [sites.size(part.test) for part in child.parts]
            total = sum(sizes) or 1
            for part, size in zip(child.parts, sizes, strict=True):
                if part.tail is not None:
                    self.tails_of(part.hole).add(part.tail, part.hole in near)
                gain = any(found is part for found in gained.values())
                self._credit(part, gain, outcome.cycles * size / total)
        self.hunts = {index: hunt for index, hunt in self.hunts.items() if index in open_bins}
        self.pending = []

    def tails_of(self, hole: int) -> Tails:
        """Return what is known of the tails of tests near to the holes of the same covergroup."""
        return self.tails.setdefault(self._plan.bins[hole].covergroup, Tails())

    def chance(self, move: str, hole: int | None) -> float:
        """Return how often a move led to progress, mainly for holes of the same coverpoint or cross."""
        gains, tries = self.moves.get(move, (0, 0))
        rate = (gains + 1) / (tries + PRIOR_TRIES)
        if hole is None:
            return rate
        gains, tries = self._by_item.get((int(self._plan.item_of[hole]), move), (0, 0))
        return (gains + PRIOR_TRIES * rate) / (tries + PRIOR_TRIES)

    def _record(self, move: str, hole: int | None, gain: bool) -> None:
        records = [self.moves.setdefault(move, [0, 0])]
        if hole is not None:
            records.append(self._by_item.setdefault((int(self._plan.item_of[hole]), move), [0, 0]))
        for record in records:
            record[0] += gain
            record[1] += 1

    def _credit(self, part: Part, gain: bool, cycles: float) -> None:
        for move in part.moves:
            self._record(move, part.hole, gain)
        hunt = self.hunts.get(part.hole)
        if hunt is None:
            return
        (hunt.loose if part.loose else hunt.whole).spent += cycles
        if part.cut:
            hunt.cuts += not hunt.is_loose
            hunt.cut_due = not hunt.is_loose and not part.before and hunt.cuts < CUTS

    def _keep_near(
        self, outcome: Outcome, child: PendingTest, sites: MoveSites, open_bins: set[int]
    ) -> dict[int, Part | None]:
        """Store `outcome` where it is nearest; return the holes that it is nearer to than any before, with the part."""
        gained: dict[int, Part | None] = {}
        sizes = CutSizes(sites, outcome.test)
        for near in outcome.near:
            hunt = self.hunts.setdefault(near.bin, HoleTarget())
            if near.distance > hunt.distance:
                continue
            part = next((part for part in child.parts if not part.spans or part.holds(near)), None)
            if near.distance < hunt.distance:
                gained[near.bin] = part
            if near.distance == 0:
                self.library[near.bin] = snippet(sites, outcome.test, near.steps, 0, bare=True)[0]
            if near.distance or near.bin in open_bins:  # a bin may ask for more hits than one
                self._keep(hunt, near, part, outcome, sites, sizes)
        return gained

    def _keep(
        self, hunt: HoleTarget, near: Near, part: Part | None, outcome: Outcome, sites: MoveSites, sizes: CutSizes
    ) -> None:
        chained = part is not None and bool(part.spans)
        if near.distance < hunt.whole.distance or not chained:
            near_test = NearestTest(outcome.test, near.distance, sizes.of(near.steps), near.steps)
            hunt.whole.add(near_test, self._source)
        if chained and part is not None:
            before = self.context(near.bin, near.distance, hunt.before if hunt.loose.pool else part.before)
            test, focus = snippet(sites, outcome.test, near.steps, before, not hunt.cuts)
            hunt.loose.add(NearestTest(test, near.distance, sites.size(test), focus), self._source)
            hunt.before, hunt.cut_due = before, False
        elif not hunt.is_loose:
            hunt.cut_due = hunt.cuts < CUTS

    def context(self, hole: int, distance: float, least: int) -> int:
        """Return how many items before the focus a loose test needs: for a transition, the positions matched."""
        one = self._plan.bins[hole]
        return max(least, len(one.values) - int(distance) - 1) if one.kind == "transition" else least
