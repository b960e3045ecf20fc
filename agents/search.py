"""The `search` agent: coverage-guided test generation without a model.

Algorithm
---------
The agent keeps, for every hole, the *nearest* test seen so far: the one with the least distance
(ties: fewer cycles), written out as literal steps, with the step of each track that was under way when
it came nearest. It also keeps a corpus of the tests that covered a bin first. Tests come from four
sources:

* **random**: long tests, every track a random block under a random profile, as the `random` agent's;
* **swarm**: short random tests that narrow some keys to a single value, a corner, a few values or a small
  range, so that rare combinations become common within one test;
* **directed**: choose a hole, the less often tried in vain the likelier; take its nearest test; often
  trim it to the items around the focus; apply one to four moves of `dv_agent.agents.mutation` at the focus.
  A child that is at least as near replaces its parent: each hole is a hill climb with neutral drift;
* **crossed**: head of one corpus test, tail of another, then moves anywhere.

Which source makes the next test is drawn by its recent yield: new bins (and, at a tenth, lesser
distances) per simulated cycle, with exponential forgetting and a floor, so that cheap random traffic
leads while it pays and the climbs take over. Moves are drawn by their record: (gains + 1) / (tries + 8).

With ``guided=False`` (the ablation) there is no directed source, no focus and no distance: everything
else is the same.

All choices are a function of the seed and of the outcomes of the tests before.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dv_agent.agents.baselines import random_test
from dv_agent.agents.ground import Ground
from dv_agent.agents.mutation import MOVES, chain, cross, mutate, trim
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.swarm import narrowed, shortened
from dv_agent.designs.stimulus import Test
from dv_agent.prompts.view import Outcome, View

CORPUS = 256
SEARCH_BATCH = 4
WARM_UP = 12
HOLES_A_TEST = (1, 1, 2, 4)
SWARM_ITEMS = (1, 2, 4, 8)
TRIM_ABOVE = 250
PRIOR_TRIES = 8
FORGET = 0.9
FLOOR = 0.05
MOST_GAIN = 2.0
NEARER = 0.1
"""What a lesser distance is worth, in new bins."""

Kind = Literal["random", "swarm", "directed", "crossed"]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The test that came nearest to one hole."""

    test: Test
    distance: float
    cycles: int
    focus: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Child:
    """What was proposed, to be credited when its outcome is seen."""

    kind: Kind
    holes: tuple[int, ...] = ()
    moves: tuple[str, ...] = ()


@dataclass(slots=True)
class _Yield:
    """Recent gains and cycles of one source of tests."""

    gains: float = 1.0
    cycles: float = 1000.0
    tests: float = 5.0

    def add(self, gains: float, cycles: int) -> None:
        self.gains = FORGET * self.gains + min(gains, MOST_GAIN)
        self.cycles = FORGET * self.cycles + cycles
        self.tests = FORGET * self.tests + 1

    @property
    def rate(self) -> float:
        """Gains a cycle."""
        return self.gains / self.cycles

    @property
    def cost(self) -> float:
        """Cycles a test."""
        return self.cycles / self.tests


@dataclass(slots=True)
class _Memory:
    nearest: dict[int, Nearest] = field(default_factory=dict)
    corpus: list[Test] = field(default_factory=list)
    tried: dict[int, int] = field(default_factory=dict)
    moves: dict[str, list[int]] = field(default_factory=lambda: {move: [0, 0] for move in MOVES})
    yields: dict[Kind, _Yield] = field(default_factory=dict)
    pending: list[_Child] = field(default_factory=list)


class SearchAgent:
    """Closes holes by directed mutation; see the module's text.

    Args:
        seed: fixes every choice.
        guided: False for the ablation without hole guidance.
        batch: tests a turn.
    """

    name = "search"

    def __init__(self, seed: int, guided: bool = True, batch: int = SEARCH_BATCH) -> None:
        self._source = random.Random(f"search/{seed}")
        self._guided, self._batch = guided, batch
        self._memory = _Memory()

    def propose(self, view: View) -> Proposal:
        """The next batch, after learning from the outcomes of the last one."""
        ground = Ground(view.design, view.schema)
        self._learn(view, ground)
        self._memory.pending = []
        tests = [self._one(view, ground) for _ in range(self._batch)]
        return Proposal(tests=tuple(tests), done=not view.holes)

    # Learning --------------------------------------------------------------------------------------------

    def _learn(self, view: View, ground: Ground) -> None:
        memory = self._memory
        open_bins = set(view.coverage.open_bins.tolist())
        for outcome, child in zip(view.last, memory.pending, strict=False):
            nearer = self._keep_near(outcome, ground, open_bins) if self._guided else 0
            if outcome.new_bins:
                memory.corpus = [*memory.corpus, ground.literal(outcome.test)][-CORPUS:]
            gains = len(outcome.new_bins) + NEARER * nearer
            memory.yields.setdefault(child.kind, _Yield()).add(gains, outcome.cycles)
            for move in child.moves:
                memory.moves[move][0] += gains > 0
                memory.moves[move][1] += 1
            for hole in child.holes if gains else ():
                memory.tried[hole] = max(0, memory.tried.get(hole, 0) - 4)
        memory.nearest = {index: near for index, near in memory.nearest.items() if index in open_bins}

    def _keep_near(self, outcome: Outcome, ground: Ground, open_bins: set[int]) -> int:
        """Remember `outcome` where it is nearest; returns to how many holes it is nearer than any before."""
        nearer, literal = 0, None
        for near in outcome.near:
            best = self._memory.nearest.get(near.bin)
            if near.bin not in open_bins or (best and near.distance > best.distance):
                continue
            better = best is None or near.distance < best.distance
            if better or (best and outcome.cycles <= best.cycles) or self._source.random() < FLOOR:
                literal = literal or ground.literal(outcome.test)
                self._memory.nearest[near.bin] = Nearest(literal, near.distance, outcome.cycles, near.steps)
                nearer += best is not None and better
        return nearer

    # Proposing -------------------------------------------------------------------------------------------

    def _one(self, view: View, ground: Ground) -> Test:
        kind = self._choose_kind()
        if kind == "directed":
            return self._directed(ground)
        if kind == "crossed":
            return self._crossed(ground)
        self._memory.pending.append(_Child(kind))
        test = random_test(view.design, view.schema, self._source)
        if kind == "random":
            return test
        short = shortened(test, self._source.choice(SWARM_ITEMS), self._source)
        return narrowed(view.design, view.schema, short, self._source)

    def _choose_kind(self) -> Kind:
        if len(self._memory.corpus) < WARM_UP:
            return "random"
        kinds: list[Kind] = ["swarm", "crossed"]
        if self._memory.nearest:
            kinds.append("directed")
        yields = [self._memory.yields.setdefault(kind, _Yield()) for kind in kinds]
        floor = FLOOR * sum(one.rate for one in yields)
        # Cycles, not tests, are shared out by the rates: a long test costs as much as many short ones.
        return self._source.choices(kinds, [max(one.rate, floor) / one.cost for one in yields])[0]

    def _crossed(self, ground: Ground) -> Test:
        one, other = self._source.choice(self._memory.corpus), self._source.choice(self._memory.corpus)
        test = cross(ground, one, other, self._source) if self._source.random() < 0.4 else one
        focus = {name: self._source.randrange(len(steps)) for name, steps in test.tracks.items()}
        if self._source.random() < 0.8:
            test, focus = trim(ground, test, focus, self._source)
        test, moves = self._moved(ground, test, focus)
        self._memory.pending.append(_Child("crossed", (), moves))
        return test

    def _directed(self, ground: Ground) -> Test:
        count = self._source.choice(HOLES_A_TEST)
        parts: list[Test] = []
        moves: list[str] = []
        holes = tuple(self._choose_hole() for _ in range(count))
        for hole in holes:
            near = self._memory.nearest[hole]
            self._memory.tried[hole] = self._memory.tried.get(hole, 0) + 1
            test, focus = near.test, near.focus
            if count > 1 or self._source.random() < (0.8 if near.cycles > TRIM_ABOVE else 0.1):
                test, focus = trim(ground, test, focus, self._source)
            test, done = self._moved(ground, test, focus)
            parts.append(test)
            moves += done
        self._memory.pending.append(_Child("directed", holes, tuple(moves)))
        return parts[0] if count == 1 else chain(ground, parts)

    def _choose_hole(self) -> int:
        holes = sorted(self._memory.nearest)
        return self._source.choices(holes, [1.0 / (1 + self._memory.tried.get(hole, 0)) for hole in holes])[0]

    def _moved(self, ground: Ground, test: Test, focus: Mapping[str, int]) -> tuple[Test, tuple[str, ...]]:
        names = list(self._memory.moves)
        weights = [(gains + 1) / (tries + PRIOR_TRIES) for gains, tries in self._memory.moves.values()]
        done: list[str] = []
        for _ in range(self._source.choice((1, 1, 1, 2, 2, 3, 4))):
            move = self._source.choices(names, weights)[0]
            changed = mutate(ground, test, move, self._source, focus)
            if changed is not None:
                test, done = changed, [*done, move]
        return test, tuple(done)
