"""The `search` agent: coverage-guided test generation without a model.

Algorithm
---------
The agent keeps, for every hole, the *nearest* test seen so far: the one with the least distance
(ties: fewer cycles), written out as literal steps, with the step of each track that was under way when
it came nearest. It also keeps a corpus of the tests that covered a bin first. Each turn proposes a
batch:

1. **Fresh** tests (the whole first turn, then about one in eight): every track is a random block under
   a random profile; half of them narrow some keys to a single value, a corner, two values or a small
   range ("swarm" testing), so that rare combinations become common within one test.
2. **Directed** tests (the bulk): choose a hole, the less often tried and the nearer the likelier; take its
   nearest test; sometimes trim it to the items around the focus; apply one to four moves of
   `dv_agent.agents.mutation` at the focus. A child that is at least as near replaces its parent, so each
   hole is a hill climb with neutral drift.
3. **Crossed** tests: head of one corpus test, tail of another, then a move.

Moves are drawn by their record: (gains + 1) / (tries + 8), where a gain is a new bin or a lesser
distance. With ``guided=False`` (the ablation) holes and focus are ignored: parents come from the
corpus alone and moves apply anywhere; everything else is the same.

All choices are a function of the seed and of the outcomes of the tests before.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from dv_agent.agents.baselines import BATCH, random_test
from dv_agent.agents.ground import Ground
from dv_agent.agents.mutation import MOVES, cross, mutate, trim
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.swarm import narrowed
from dv_agent.designs.stimulus import Test
from dv_agent.prompts.view import Outcome, View

CORPUS = 256
PRIOR_TRIES = 8


@dataclass(frozen=True, slots=True)
class Nearest:
    """The test that came nearest to one hole."""

    test: Test
    distance: float
    cycles: int
    focus: Mapping[str, int]


@dataclass(slots=True)
class _Child:
    """What was proposed, to be credited when its outcome is seen."""

    hole: int | None
    moves: tuple[str, ...]


@dataclass(slots=True)
class _Memory:
    nearest: dict[int, Nearest] = field(default_factory=dict)
    corpus: list[Test] = field(default_factory=list)
    tried: dict[int, int] = field(default_factory=dict)
    moves: dict[str, list[int]] = field(default_factory=dict)
    pending: list[_Child] = field(default_factory=list)


class SearchAgent:
    """Closes holes by directed mutation; see the module's text.

    Args:
        seed: fixes every choice.
        guided: False for the ablation without hole guidance.
        batch: tests a turn.
    """

    name = "search"

    def __init__(self, seed: int, guided: bool = True, batch: int = BATCH) -> None:
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
            literal = ground.literal(outcome.test) if outcome.near or outcome.new_bins else outcome.test
            gained = bool(outcome.new_bins) | self._keep_near(outcome, literal, open_bins)
            if outcome.new_bins:
                memory.corpus = [*memory.corpus, literal][-CORPUS:]
            for move in child.moves:
                memory.moves[move][0] += gained
                memory.moves[move][1] += 1
            if child.hole is not None and gained:
                memory.tried[child.hole] = max(0, memory.tried.get(child.hole, 0) - 4)
        memory.nearest = {index: near for index, near in memory.nearest.items() if index in open_bins}

    def _keep_near(self, outcome: Outcome, literal: Test, open_bins: set[int]) -> bool:
        gained = False
        for near in outcome.near:
            best = self._memory.nearest.get(near.bin)
            if near.bin not in open_bins or (best and near.distance > best.distance):
                continue
            better = best is None or near.distance < best.distance
            if better or (best and outcome.cycles <= best.cycles) or self._source.random() < 0.2:
                self._memory.nearest[near.bin] = Nearest(literal, near.distance, outcome.cycles, near.steps)
                gained |= better
        return gained

    # Proposing -------------------------------------------------------------------------------------------

    def _one(self, view: View, ground: Ground) -> Test:
        kind = self._source.random()
        if not self._memory.corpus or kind < 0.12:
            return self._fresh(view)
        if kind < 0.2 or not (self._guided and self._memory.nearest):
            return self._crossed(view, ground)
        return self._directed(view, ground)

    def _fresh(self, view: View) -> Test:
        self._memory.pending.append(_Child(None, ()))
        test = random_test(view.design, view.schema, self._source)
        return narrowed(view.design, view.schema, test, self._source) if self._source.random() < 0.5 else test

    def _crossed(self, view: View, ground: Ground) -> Test:
        one, other = self._source.choice(self._memory.corpus), self._source.choice(self._memory.corpus)
        test = cross(ground, one, other, self._source) if self._source.random() < 0.4 else one
        return self._moved(ground, test, None, {})

    def _directed(self, view: View, ground: Ground) -> Test:
        hole = self._choose_hole()
        near = self._memory.nearest[hole]
        self._memory.tried[hole] = self._memory.tried.get(hole, 0) + 1
        test, focus = near.test, near.focus
        if self._source.random() < 0.25:
            before = self._source.randint(0, 4)
            test = trim(ground, test, focus, before, self._source.randint(0, 2))
            focus = {name: min(step, before) for name, step in focus.items()}
        return self._moved(ground, test, hole, focus)

    def _choose_hole(self) -> int:
        holes = sorted(self._memory.nearest)
        weights = [1.0 / (1 + self._memory.tried.get(hole, 0)) for hole in holes]
        return self._source.choices(holes, weights)[0]

    def _moved(self, ground: Ground, test: Test, hole: int | None, focus: Mapping[str, int]) -> Test:
        for move in MOVES:
            self._memory.moves.setdefault(move, [0, 0])
        names = list(self._memory.moves)
        weights = [(gains + 1) / (tries + PRIOR_TRIES) for gains, tries in self._memory.moves.values()]
        done: list[str] = []
        for _ in range(self._source.choice((1, 1, 1, 2, 2, 3, 4))):
            move = self._source.choices(names, weights)[0]
            changed = mutate(ground, test, move, self._source, focus)
            if changed is not None:
                test, done = changed, [*done, move]
        self._memory.pending.append(_Child(hole, tuple(done)))
        return test
