"""Windows put together for a hole: the fields that decide what its bin requires, from items that met it.

How windows are put together is learnt: of `WAYS`, those that closed holes are taken more often.
"""

from __future__ import annotations

import random

from dv_agent.agents.search.field_records.deciding_fields import DecidingFields, Site, value
from dv_agent.agents.search.field_records.guessed_values import changed, guessed
from dv_agent.agents.search.field_records.item_windows import WINDOW, ItemWindows, Window, record_track
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.plan_relations import Fact, Relations
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.prompts.view import View

PARTS = 24
"""Holes in one test, at most."""
CYCLES = 600
"""Of a test, about; where an item takes hundreds of them, what one test teaches is used in the next."""
UNSURE = (1, 1, 2, 4, WINDOW)
"""Items that are kept of a window of which nothing is known, as a weighted choice."""
FORGET = 0.9
FORGET_WAYS = 0.98
MIXED = 0.3
"""Share of the fields that are taken of a window of which nothing is known but that it meets a fact."""
WAYS = tuple((split, varied) for split in (True, False) for varied in (True, False))
"""Whether products of the plan are split into their factors, and whether one more field is changed."""
LEAST, SHARPNESS = 0.05, 3


class RecordHunt:
    """Hunts holes of a design that is driven by records; each hole in turn, the least tried first."""

    def __init__(self, plan: Plan, sites: MoveSites, source: random.Random) -> None:
        self.track = record_track(sites)
        self._plan, self._source = plan, source
        self._relations = Relations(plan)
        self.windows = ItemWindows(self._relations)
        self._deciding = DecidingFields(self.windows)
        self._tries: dict[int, int] = {}
        self._items, self._cycles = 1.0, 4.0
        self._won = [[1.0, 2.0] for _ in WAYS]
        self._pending = list[tuple[int, int]]()

    @property
    def is_ready(self) -> bool:
        """Whether there is something to put together."""
        return self.track is not None and bool(self.windows.recent)

    def learn(self, view: View, sites: MoveSites) -> None:
        """Add the outcomes of the last turn, and keep the open bins alone."""
        if self.track is None:
            return
        for outcome in view.last:
            self.windows.learn(outcome, self.track, sites)
            self._items = FORGET * self._items + len(outcome.test.tracks.get(self.track, ()))
            self._cycles = FORGET * self._cycles + outcome.cycles
        still = set(view.coverage.open_bins.tolist())
        for hole, way in self._pending:
            one = self._won[way]
            one[:] = FORGET_WAYS * one[0] + (hole not in still), FORGET_WAYS * one[1] + 1
        self._pending = []
        self._tries = {
            hole: self._tries.get(hole, 0)
            for hole in view.coverage.open_bins.tolist()
            if self._plan.bins[hole].kind != "transition"
        }

    @property
    def has_holes(self) -> bool:
        """Whether an open bin is of a kind that is hunted here."""
        return bool(self._tries)

    def test(self, sites: MoveSites) -> Test:
        """Return a test of windows for many holes, one behind the other."""
        assert self.track is not None
        items = list[Step]()
        order = sorted(self._tries, key=lambda hole: (self._tries[hole], self._source.random()))
        for hole in order[:PARTS]:
            self._tries[hole] += 1
            items += self._window(hole, sites)
            if len(items) * self._cycles >= CYCLES * self._items:
                break
        word = sites.design.grammars[self.track].item_word(sites.schema.tracks[self.track].item)
        single = sites.is_single(self.track)
        return Test(tracks={self.track: tuple({word: item if single else [item]} for item in items)})

    def _way(self, hole: int) -> tuple[bool, bool]:
        """Return one of `WAYS`; what it comes to is learnt from the next view."""
        rates = [won / tries for won, tries in self._won]
        weights = [max(rate, LEAST * max(rates)) ** SHARPNESS for rate in rates]
        way = self._source.choices(range(len(WAYS)), weights)[0]
        self._pending.append((hole, way))
        return WAYS[way]

    def _window(self, hole: int, sites: MoveSites) -> Window:
        """Return items that should meet all that a bin requires."""
        assert self.track is not None
        source = self._source
        split, varied = self._way(hole)
        required = [*(self._relations.factors(hole) if split else self._relations.members(hole))]
        source.shuffle(required)
        known = [fact for fact in required if self.windows.meeting(fact)]
        unsure = [fact for fact in known if not self._deciding.of(fact[:2])]
        first = source.choice(unsure or known) if known else None
        base = source.choice(self.windows.meeting(first) if first else self.windows.recent)
        window, touched = [dict(item) for item in base], set(self._deciding.of(first[:2]) if first else ())
        for fact in required:
            for site, new in self._of_a_fact(fact, known, sites).items() if fact is not first else ():
                if site.back < len(window):
                    window[-1 - site.back][site.field] = new
                    touched.add(site)
        if varied:
            site, new = changed(tuple(window), sorted(touched), sites.payload[self.track], source)
            window[-1 - site.back][site.field] = new
        backs = [site.back for site in touched if site.back < len(window)]
        if not backs:
            return tuple(window[-source.choice(UNSURE) :])
        return tuple(window[len(window) - 1 - max(backs) : len(window) - min(backs)])

    def _of_a_fact(self, fact: Fact, known: list[Fact], sites: MoveSites) -> dict[Site, int]:
        """Return the fields and values that meet a fact, as far as known, else a guess."""
        assert self.track is not None
        source, fields, deciding = self._source, sites.payload[self.track], self._deciding.of(fact[:2])
        if fact not in known:
            guess = guessed(fact, self.windows.of(fact[:2]), deciding, fields, source)
            if guess is None:
                return {}
            window, changes = guess
            taken = deciding or [Site(0, name) for name in fields]
            return {site: value(window, site) for site in taken if site.back < len(window)} | changes
        window = source.choice(self.windows.meeting(fact))
        taken = deciding or [
            Site(back, name) for back in range(len(window)) for name in fields if source.random() < MIXED
        ]
        return {site: value(window, site) for site in taken if site.back < len(window)}
