"""The `search` agent: coverage-guided test generation without a model.

Algorithm
---------
The agent starts with `WARM_UP` random tests, every track a random block.
From then on a test comes from one of these sources:

* **swarm**: short random tests in which some fields are narrowed to one value, a corner, a few values or a small range;
* **phases**: long tests of a few phases, each with its own distributions, as the agent `crv` draws them;
* **resets**: random tests, half of them narrowed, with a few resets in mid-test;
* **walks**, where the design has a stream of numbers (`dv_agent.agents.baselines.walks`): each number is the one
  before plus a step; size, turns and length of the steps are chosen by the new bins that they won, and few steps
  come in all combinations, without repetition;
* **records**, where items of one beat and several fields drive the design: items put together for many holes, of each
  thing that a bin requires the fields that decide it, from items that met it (`dv_agent.agents.search.field_records`);
* **hunt**: a mutation of a test that came near to a hole.

Every test is proposed as literal steps, so that its outcome names the exact steps that were being driven when it came
nearest to each hole: the *focus*. For each hole the agent keeps two climbs (hill climbing), each with a pool of up to
four tests at the smallest distance so far:

* **whole**: tests with all tracks, cut after the focus or a few items behind it. Later steps have no effect on a
  sample, but a table may ask for what follows, as for a reset after which results leave; so it is learnt for each
  covergroup how many items behind the focus keep the distance. A long test is also cut from the front, up to three
  times at each distance, before it is mutated;
* **loose**: only the items at the focus, without gaps, stalls or resets. These items are taken to be sufficient if the
  distance is reached in a test of only such items; if it is not, two more items and the gaps are tried.

A hunt chooses a climb at random; climbs with fewer cycles spent since their last progress are more likely. A loose
climb starts a *chain*: mutated items for many holes, one after another in one test of about `CHAIN_BEATS` beats, with
one drain at the end. The focus tells which of them came nearer to which holes. A whole climb makes a separate test.

A mutation is one to four moves (`dv_agent.agents.search.mutation.MOVES`), chosen by their success rate: progress per
try, mainly for holes of the same coverpoint or cross. Where items alone were not sufficient, timing moves are chosen
more often. For holes that are crosses or transitions every other move is a *transplant*: the plan tells which bins can
only be hit where one member of the cross, or the next position of the transition, is met; an item that hit such a bin
first replaces the item at the focus, or is inserted after it.

The sources share the cycles by recent yield for each simulated cycle, with exponential forgetting and a minimum share;
where there are walks or records, by its square, because these win several times as much or nothing.
The yield is new bins and, of hunts, smaller distances, weighted by a tenth. (A long random test comes a little nearer
to many holes by chance; if that counted, hunts would get few cycles.)

With ``guided=False`` (the ablation) distances, focus and plan are not used. **crossed** replaces the hunts: the head of
one test that covered a new bin and the tail of another, cut and mutated at random places.

All choices depend only on the seed and on the outcomes of earlier tests.
"""

from __future__ import annotations

import random
from dataclasses import replace

from dv_agent.agents.proposal import Proposal
from dv_agent.agents.search.field_records.put_together import RecordHunt
from dv_agent.agents.search.hole_targets import PATIENCE, TAILS, Climb
from dv_agent.agents.search.memory import Kind, Memory, Part, PendingTest
from dv_agent.agents.search.move_selection import MoveSelector
from dv_agent.agents.search.move_sites import Focus, MoveSites
from dv_agent.agents.search.mutation import chain, cross, head_cut, snippet, tail_cut
from dv_agent.agents.search.number_streams.walk_choice import has_streams, walking_test
from dv_agent.agents.search.source_choice import chosen
from dv_agent.agents.search.swarm import of_blocks
from dv_agent.designs.language.stimulus import MAX_STEPS, Test
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.view import View

SEARCH_BATCH = 4
WARM_UP = 12
WARM_CYCLES = 20_000
"""After which the random tests end early where records can be put together."""
CHAIN_BEATS = 60
CHAIN_PARTS = 30
CUTS_AT_ONCE = 8
"""With at least this many cuts to try, they are tried whichever climb is chosen."""
WHOLE_TOO = 0.2
"""Weight of a hole's whole climb when its loose climb is equally near."""
BEFORE = (0, 2)
"""Number of items kept before the focus in the first and the second cut of a nearest test."""
LONG, TRIMS, UNSEEN_TRIES = 8, 3, 4


class SearchAgent:
    """Closes holes by directed mutation; the module docstring describes the algorithm.

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
        """Learn from the outcomes of the last batch and return the next one."""
        sites = MoveSites(view.design, view.schema)
        if self._run is None:
            self._run = _Run(view, self._seed, self._source, self._guided)
        self._run.learn(view, sites)
        return Proposal(tests=tuple(self._run.tests(sites, self._batch)), done=not view.holes)


class _Run:
    """State of the agent from its first view on."""

    def __init__(self, view: View, seed: int, source: random.Random, guided: bool) -> None:
        # A separate random stream: the first tests are the same with and without guidance.
        self.memory = Memory(view.plan, random.Random(f"search/{seed}/memory"), guided)
        self._source, self._guided = source, guided
        self._selector = MoveSelector(view.plan, self.memory, source)
        self._seen: set[str] = set()
        self._warm, self._cycles = 0, 0
        self._resets = RESET_TRACK in view.schema.tracks
        self._weights: dict[tuple[int, bool], float] = {}
        own = random.Random(f"search/{seed}/records")
        self.records = RecordHunt(view.plan, MoveSites(view.design, view.schema), own)

    def learn(self, view: View, sites: MoveSites) -> None:
        self._cycles += sum(outcome.cycles for outcome in view.last)
        self.records.learn(view, sites)
        self.memory.learn(view, sites)

    def tests(self, sites: MoveSites, count: int) -> list[Test]:
        """Return the tests of a turn; their purposes are added to `memory.pending`."""
        self._weights = self._climbs()
        return [self._test(sites) for _ in range(count)]

    def _test(self, sites: MoveSites) -> Test:
        kind = self._choose_kind(sites)
        if kind == "hunt":
            return self._hunt(sites)
        if kind == "walks":
            return self._walking(sites)
        if kind == "records":
            self.memory.pending.append(PendingTest(kind))
            return self.records.test(sites)
        if kind == "crossed":
            return self._crossed(sites)
        return self._drawn(sites, kind)

    def _choose_kind(self, sites: MoveSites) -> Kind:
        if self._warm < WARM_UP and not (self.records.is_ready and self._cycles > WARM_CYCLES):
            self._warm += 1
            return "random"
        kinds: list[Kind] = ["swarm", "phases"]
        if self._resets:
            kinds.append("resets")
        if has_streams(sites):
            kinds.append("walks")
        if self._guided and self.records.is_ready and self.records.has_holes:
            kinds.append("records")
        if not self._guided and self.memory.corpus:
            kinds.append("crossed")
        if any(hunt.whole.pool for hunt in self.memory.hunts.values()):
            kinds.append("hunt")
        return chosen(kinds, self.memory.yields, self._source)

    def _drawn(self, sites: MoveSites, kind: Kind) -> Test:
        self.memory.pending.append(PendingTest(kind))
        test = of_blocks(sites.design, sites.schema, kind, self._source)
        literal = sites.literal(test)
        return test if any(len(steps) > MAX_STEPS for steps in literal.tracks.values()) else literal

    def _walking(self, sites: MoveSites) -> Test:
        way = self.memory.walks.choose(self._source)
        test, stepped = walking_test(sites, way, self.memory.walks.cycles, self._source)
        self.memory.pending.append(PendingTest("walks", walk=way, stepped=stepped))
        return sites.literal(test)

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
        hole, loose = self._source.choices(list(self._weights), list(self._weights.values()))[0]
        if loose or len(due) > CUTS_AT_ONCE:
            return self._chained(sites, due)
        climb, moves = self.memory.hunts[hole].whole, tuple[str, ...]()
        near = self._source.choice(climb.pool)
        tail = self.memory.tails_of(hole).choose(self._source)
        test = whole = tail_cut(sites, near.test, near.focus, TAILS[tail])
        for _ in range(UNSEEN_TRIES):
            if near.size > LONG and climb.trims < TRIMS:
                climb.trims += 1
                test, _ = head_cut(sites, whole, near.focus, self._source)
            else:
                test, moves = self._selector.moved(sites, whole, near.focus, hole)
            if test.digest not in self._seen:
                break
        self._seen.add(test.digest)
        self.memory.pending.append(PendingTest("hunt", (Part(hole, False, test, moves, tail=tail),)))
        return test

    def _climbs(self) -> dict[tuple[int, bool], float]:
        """Return (hole, loose) -> weight of that climb; it stays the same until the next outcomes are learnt."""
        weights = {}
        for hole, hunt in sorted(self.memory.hunts.items()):
            climbs: tuple[tuple[bool, Climb], ...] = ((False, hunt.whole), (True, hunt.loose))
            for loose, climb in climbs:
                if climb.pool and climb.distance <= hunt.distance:
                    share = WHOLE_TOO if hunt.is_loose and not loose else 1.0
                    weights[hole, loose] = share / (PATIENCE + climb.spent)
        return weights

    def _chained(self, sites: MoveSites, due: list[int]) -> Test:
        """Return a test with the cuts to try and mutated items for many holes, one after another."""
        parts, size = list[Part](), 0
        climbs = {hole: weight for (hole, loose), weight in self._weights.items() if loose}
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
