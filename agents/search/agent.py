"""The `search` agent: coverage-guided test generation without a model.

Algorithm
---------
The agent starts with `WARM_UP` random tests, every track a random block.
From then on a test comes from one of two sources:

* **swarm**: short random tests, some keys narrowed to one value, a corner, a few values or a small range;
* **hunt**: a change of a test that came near to a hole.

Every test is proposed in literal steps, so that its outcome names the very steps that were under way when
it came nearest to each hole: the *focus*. For each hole the agent keeps two climbs, each a pool of up to
four tests at the least distance so far:

* **whole**: tests with all tracks, cut behind the focus, as nothing that comes later can have mattered. A long
  one is cut from the front, up to three times at each distance, before it is changed;
* **loose**: only the items at the focus, without gaps, stalls or resets. An item is taken to be enough once the
  distance was reached in a test of nothing but such items; if it was not, two items more and the gaps are tried.

A hunt draws a climb, those with fewer cycles spent since their last progress the likelier. A loose climb starts a
*chain*: changed items of many holes, behind each other in one test of about `CHAIN_BEATS` beats, with one drain.
The focus tells which of them came nearer, and to which holes. A whole climb makes a test of its own.

A change is one to four moves (`dv_agent.agents.search.mutation.MOVES`), drawn by their record: progress per try, for
holes of the same coverpoint or cross above all. Where items alone did not do, moves of timing are drawn more often. For
holes that are crosses or transitions every other move is a *transplant*: the plan says which bins can only be hit
where a member of the cross, or the next position of the transition, is met; an item that hit such a bin first takes
the place of the item at the focus, or goes behind it.

The two sources share the cycles by recent yield: new bins and, at a tenth, lesser distances for each simulated cycle,
with exponential forgetting and a floor.

With ``guided=False`` (the ablation) distances, focus and plan are not looked at. In place of the hunts stands
**crossed**: head of one test that covered a new bin, tail of another, cut and changed at random places.

All choices are a function of the seed and of the outcomes of the tests before.
"""

from __future__ import annotations

import random
from dataclasses import replace

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.search.hole_targets import PATIENCE, Climb
from dv_agent.agents.search.memory import Kind, Memory, MoveGain, Part, PendingTest
from dv_agent.agents.search.move_selection import MoveSelector
from dv_agent.agents.search.move_sites import Focus, MoveSites
from dv_agent.agents.search.mutation import chain, cross, head_cut, snippet, tail_cut
from dv_agent.agents.search.swarm import narrowed, shortened
from dv_agent.designs.language.stimulus import MAX_STEPS, Test
from dv_agent.prompts.view import View

SEARCH_BATCH = 4
WARM_UP = 12
SWARM_ITEMS = (1, 2, 4, 8)
FLOOR = 0.05
CHAIN_BEATS = 60
CHAIN_PARTS = 30
CUTS_AT_ONCE = 8
"""From as many cuts due on, they are tried whatever climb is drawn."""
WHOLE_TOO = 0.2
"""Weight of the whole climb of a hole whose loose climb is as near."""
BEFORE = (0, 2)
"""Items before the focus in the first and the second cut of a nearest test."""
LONG, TRIMS, UNSEEN_TRIES = 8, 3, 4


class SearchAgent:
    """Closes holes by directed mutation; see the module's text.

    Args:
        seed: fixes every choice.
        guided: False for the ablation without hole guidance.
        batch: tests a turn.
    """

    name = "search"

    def __init__(self, seed: int, guided: bool = True, batch: int = SEARCH_BATCH) -> None:
        self._seed, self._source = seed, random.Random(f"search/{seed}")
        self._guided, self._batch = guided, batch
        self._run: _Run | None = None

    def propose(self, view: View) -> Proposal:
        """The next batch, after learning from the outcomes of the last one."""
        sites = MoveSites(view.design, view.schema)
        if self._run is None:
            self._run = _Run(view, self._seed, self._source, self._guided)
        self._run.memory.learn(view, sites)
        tests = [self._run.test(sites) for _ in range(self._batch)]
        return Proposal(tests=tuple(tests), done=not view.holes)


class _Run:
    """What the agent needs from its first view on."""

    def __init__(self, view: View, seed: int, source: random.Random, guided: bool) -> None:
        # A stream of its own: with and without guidance the first tests are the same.
        self.memory = Memory(view.plan, random.Random(f"search/{seed}/memory"), guided)
        self._source, self._guided = source, guided
        self._selector = MoveSelector(view.plan, self.memory, source)
        self._seen: set[str] = set()
        self._warm = 0

    def test(self, sites: MoveSites) -> Test:
        """One more test; what it is for goes to `memory.pending`."""
        kind = self._choose_kind()
        if kind == "hunt":
            return self._hunt(sites)
        if kind == "crossed":
            return self._crossed(sites)
        return self._drawn(sites, kind)

    def _choose_kind(self) -> Kind:
        if self._warm < WARM_UP:
            self._warm += 1
            return "random"
        kinds: list[Kind] = ["swarm"]
        if not self._guided and self.memory.corpus:
            kinds.append("crossed")
        if any(hunt.whole.pool for hunt in self.memory.hunts.values()):
            kinds.append("hunt")
        yields = [self.memory.yields.setdefault(kind, MoveGain()) for kind in kinds]
        floor = FLOOR * sum(one.rate for one in yields)
        # Cycles, not tests, are shared out by the rates: a long test costs as much as many short ones.
        return self._source.choices(kinds, [max(one.rate, floor) / one.cost for one in yields])[0]

    def _drawn(self, sites: MoveSites, kind: Kind) -> Test:
        self.memory.pending.append(PendingTest(kind))
        test = random_test(sites.design, sites.schema, self._source)
        if kind == "swarm":
            short = shortened(test, self._source.choice(SWARM_ITEMS), self._source)
            test = narrowed(sites.design, sites.schema, short, self._source)
        literal = sites.literal(test)
        return test if any(len(steps) > MAX_STEPS for steps in literal.tracks.values()) else literal

    def _crossed(self, sites: MoveSites) -> Test:
        one, other = self._source.choice(self.memory.corpus), self._source.choice(self.memory.corpus)
        test = cross(sites, one, other, self._source) if self._source.random() < 0.4 else one
        focus: Focus = {name: self._source.randrange(len(steps)) for name, steps in test.tracks.items()}
        if self._source.random() < 0.8:
            test, focus = head_cut(sites, tail_cut(sites, test, focus), focus, self._source)
        test, moves = self._selector.moved(sites, test, focus, None)
        self.memory.pending.append(PendingTest("crossed", (), moves))
        return test

    def _hunt(self, sites: MoveSites) -> Test:
        due = [hole for hole, hunt in self.memory.hunts.items() if hunt.cut_due and hunt.whole.pool]
        climbs = self._climbs()
        hole, loose = self._source.choices(list(climbs), list(climbs.values()))[0]
        if loose or len(due) > CUTS_AT_ONCE:
            return self._chained(sites, due)
        climb, moves = self.memory.hunts[hole].whole, tuple[str, ...]()
        near = self._source.choice(climb.pool)
        test = near.test
        for _ in range(UNSEEN_TRIES):
            if near.size > LONG and climb.trims < TRIMS:
                climb.trims += 1
                test, _ = head_cut(sites, near.test, near.focus, self._source)
            else:
                test, moves = self._selector.moved(sites, near.test, near.focus, hole)
            if test.digest not in self._seen:
                break
        self._seen.add(test.digest)
        self.memory.pending.append(PendingTest("hunt", (Part(hole, False, test, moves),)))
        return test

    def _climbs(self) -> dict[tuple[int, bool], float]:
        """(hole, loose) -> weight of that climb."""
        weights = {}
        for hole, hunt in sorted(self.memory.hunts.items()):
            climbs: tuple[tuple[bool, Climb], ...] = ((False, hunt.whole), (True, hunt.loose))
            for loose, climb in climbs:
                if climb.pool and climb.distance <= hunt.distance:
                    share = WHOLE_TOO if hunt.is_loose and not loose else 1.0
                    weights[hole, loose] = share / (PATIENCE + climb.spent)
        return weights

    def _chained(self, sites: MoveSites, due: list[int]) -> Test:
        """Cuts that are due, and changed items of many holes, behind each other."""
        parts, size = list[Part](), 0
        climbs = {hole: weight for (hole, loose), weight in self._climbs().items() if loose}
        while size < CHAIN_BEATS and len(parts) < CHAIN_PARTS and (due or climbs):
            if due:
                part = self._cut(sites, due.pop(0))
            else:
                part = self._loose_part(sites, self._source.choices(list(climbs), list(climbs.values()))[0])
            if part.test.tracks:
                parts.append(part)
                size += sites.size(part.test)
        if not parts:
            return self._drawn(sites, "swarm")
        test, spans = chain(sites, [part.test for part in parts])
        placed = tuple(replace(part, spans=span) for part, span in zip(parts, spans, strict=True))
        self.memory.pending.append(PendingTest("hunt", placed))
        return test

    def _cut(self, sites: MoveSites, hole: int) -> Part:
        hunt = self.memory.hunts[hole]
        hunt.cut_due = False
        near = hunt.whole.pool[0]
        before = self.memory.context(hole, near.distance, BEFORE[min(hunt.cuts, len(BEFORE) - 1)])
        test, _ = snippet(sites, near.test, near.focus, before, bare=not hunt.cuts)
        return Part(hole, True, test, before=before, cut=True)

    def _loose_part(self, sites: MoveSites, hole: int) -> Part:
        hunt = self.memory.hunts[hole]
        near = self._source.choice(hunt.loose.pool)
        test, moves = self._selector.moved(sites, near.test, near.focus, hole, loose=True)
        return Part(hole, True, test, moves, hunt.before)
