"""Selection of the moves that mutate a test: by success rate and by the plan's information on the hunted hole."""

from __future__ import annotations

import random

from dv_agent.agents.search.memory import Memory
from dv_agent.agents.search.move_sites import Focus, MoveSites
from dv_agent.agents.search.mutation import ITEM_MOVES, MOVES, TIMED_MOVES, WHEN_MOVES, mutate
from dv_agent.agents.search.plan_relations import Relations
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import Step, Test

TRANSPLANT = "transplant"
TRANSPLANT_ODDS = 0.5
KEEP_GAP = 0.7
COUNTS = (1, 1, 1, 2, 2, 3, 4)
"""Number of moves in one mutation, as a weighted choice."""
TIMING_FIRST = 3.0
"""Factor on the probability of timing moves for a hole that a few items alone do not approach."""


class MoveSelector:
    """Mutates tests for one run."""

    def __init__(self, plan: Plan, memory: Memory, source: random.Random) -> None:
        self._plan, self._memory, self._source = plan, memory, source
        self._relations = Relations(plan)
        self._tables = {group.name: group.on for group in plan.covergroups}

    def moved(
        self, sites: MoveSites, test: Test, focus: Focus, hole: int | None, loose: bool = False
    ) -> tuple[Test, tuple[str, ...]]:
        """Return `test` after one to four moves, and the names of the moves.

        Args:
            hole: the hole that the mutation should come nearer to, or None.
            loose: whether the test must stay a few items without timing.
        """
        names = self._names(hole, loose)
        weights = [self._weight(name, hole) for name in names]
        transplants = hole is not None and self._plan.bins[hole].kind != "value"
        done: list[str] = []
        for _ in range(self._source.choice(COUNTS)):
            move = self._source.choices(names, weights)[0]
            if transplants and self._source.random() < TRANSPLANT_ODDS:
                move = TRANSPLANT
            if move == TRANSPLANT and hole is not None:
                changed = self._transplant(sites, test, focus, hole)
            else:
                changed = mutate(sites, test, move, self._source, focus)
            if changed is not None and any(changed.tracks.get(name) for name in sites.payload):
                test, done = changed, [*done, move]
        return test, tuple(done)

    def _names(self, hole: int | None, loose: bool) -> list[str]:
        barred = TIMED_MOVES if loose else frozenset[str]()
        if loose and hole is not None and not self._memory.hunts[hole].before:
            barred |= ITEM_MOVES
        return [name for name in MOVES if name not in barred] + [TRANSPLANT] * (hole is not None)

    def _weight(self, move: str, hole: int | None) -> float:
        rate = self._memory.chance(move, hole)
        if hole is not None and move in WHEN_MOVES and not self._memory.hunts[hole].is_loose:
            rate *= TIMING_FIRST
            if self._tables[self._plan.bins[hole].covergroup] == move:  # the table `reset` and the move `reset`
                rate *= TIMING_FIRST
        return rate

    def _transplant(self, sites: MoveSites, test: Test, focus: Focus, hole: int) -> Test | None:
        """Replace the item at the focus by one that meets a member of the hole; for a transition insert it after."""
        known = self._donors(hole)
        if not known:
            return None
        behind = self._plan.bins[hole].kind == "transition"
        tracks: dict[str, tuple[Step, ...]] = dict(test.tracks)
        for name, item in self._memory.library[self._source.choice(known)].tracks.items():
            steps, old, place = item, tracks.get(name, ()), focus.get(name, 0)
            if place < len(old) and self._source.random() < KEEP_GAP:
                steps = sites.with_gap_of(name, item, old[place])
            tracks[name] = old[: place + behind] + steps + old[place + 1 :]
        return Test(tracks=tracks, memory=test.memory)

    def _donors(self, hole: int) -> list[int]:
        """Return bins in the library whose items meet a member of a cross, or the next position of a transition."""
        facts = self._relations.members(hole)
        if self._plan.bins[hole].kind == "transition":
            place = min(max(len(facts) - int(self._memory.hunts[hole].distance), 0), len(facts) - 1)
            facts = facts[place : place + 1]
        return [index for fact in facts for index in self._relations.meeting(fact) if index in self._memory.library]
