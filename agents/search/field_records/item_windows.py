"""Windows of records: the last items that a design had been sent when a bin was first hit, and what the bin required.

A record is an item of one beat with several numbers, such as an instruction by its fields. Where a design is driven by
records, a bin asks for certain numbers in certain fields of the newest items; which, is learnt from these windows.
"""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.plan_relations import Fact, Relations, implies
from dv_agent.designs.language.stimulus import Step
from dv_agent.prompts.view import Outcome

WINDOW = 8
"""Items in a window: a design may show what an item did only several items later."""
FIELDS = 3
"""With fewer fields, single changes of an item find what windows would teach."""
RECENT = 256

Window = tuple[Step, ...]
"""Values of neighbouring items by field, oldest first."""
Expression = tuple[str, str]
"""A table, and an expression over its columns."""


def record_track(sites: MoveSites) -> str | None:
    """Return the track of the records that drive a design; None if there are none, or data come in longer packets."""
    if any(track.beats.max > 1 for track in sites.schema.tracks.values()):
        return None
    found = {name: len(fields) for name, fields in sites.payload.items() if _is_record(sites, name)}
    return max(found, key=found.__getitem__, default=None)


def _is_record(sites: MoveSites, name: str) -> bool:
    fields = sites.payload[name]
    return len(fields) >= FIELDS and all(spec.lanes == 1 for spec in fields.values())


class ItemWindows:
    """The windows of one run.

    Attributes:
        known: table and expression -> (what a bin required of it, the window that hit that bin).
    """

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self.known: dict[Expression, list[tuple[Fact, Window]]] = {}
        self._all: list[Window] = []

    def learn(self, outcome: Outcome, track: str, sites: MoveSites) -> None:
        """Add the window of every bin that a test hit first."""
        for name, step, bins in outcome.by_step:
            window = _window(outcome.test.tracks.get(name, ()), step, track, sites) if name == track else ()
            if not window:
                continue
            self._all = [*self._all, window][-RECENT:]
            for fact in (fact for one in bins for fact in self._required(one)):
                self.known.setdefault(fact[:2], []).append((fact, window))

    def _required(self, one: int) -> list[Fact]:
        return list(dict.fromkeys([*self._relations.members(one), *self._relations.factors(one)]))

    def meeting(self, fact: Fact) -> list[Window]:
        """Return the windows known to meet `fact`."""
        return [window for one, window in self.known.get(fact[:2], ()) if implies(one, fact)]

    def of(self, expression: Expression) -> list[tuple[Fact, Window]]:
        """Return the windows of bins that require something of an expression."""
        return self.known.get(expression, [])

    @property
    def recent(self) -> Sequence[Window]:
        """The newest windows of any bin."""
        return self._all


def _window(steps: Sequence[Step], last: int, track: str, sites: MoveSites) -> Window:
    """Return the items of a track up to step `last`; none if that is no item with its values."""
    taken = [step for step in steps[max(last - 2 * WINDOW, 0) : last + 1] if sites.is_item(track, step)]
    if not taken or last >= len(steps) or not sites.is_item(track, steps[last]):
        return ()
    fields = sites.payload[track]
    beats = [sites.beats(track, step)[0] for step in taken[-WINDOW:]]
    return tuple({name: beat[name] for name in fields} for beat in beats if fields.keys() <= beat.keys())
