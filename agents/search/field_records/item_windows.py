"""Windows of records: the last items that a design had been sent when a bin was first hit, and what the bin required.

A record is an item of one beat with several numbers, such as an instruction by its fields. Where a design is driven by
records, a bin asks for certain numbers in certain fields of the newest items; which, is learnt from these windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.plan_relations import Fact, Relations, implies
from dv_agent.coverage.values import ValueSet
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
    """The windows of one run."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self._known: dict[Expression, dict[ValueSet, list[Window]]] = {}
        self._counts: dict[Expression, int] = {}
        self._implied: dict[Fact, tuple[int, list[ValueSet]]] = {}
        self._recent: list[Window] = []

    @property
    def recent(self) -> Sequence[Window]:
        """The newest windows of any bin."""
        return self._recent

    def learn(self, outcome: Outcome, track: str, sites: MoveSites) -> None:
        """Add the window of every bin that a test hit first."""
        for name, step, bins in outcome.by_step:
            window = _window(outcome.test.tracks.get(name, ()), step, track, sites) if name == track else ()
            if not window:
                continue
            self._recent = [*self._recent, window][-RECENT:]
            for one in bins:
                for fact in dict.fromkeys([*self._relations.members(one), *self._relations.factors(one)]):
                    self._add(fact, window)

    def _add(self, fact: Fact, window: Window) -> None:
        group = self._known.setdefault(fact[:2], {}).setdefault(fact[2], [])
        if window not in group[-4:]:
            group.append(window)
            self._counts[fact[:2]] = self._counts.get(fact[:2], 0) + 1

    def meeting(self, fact: Fact) -> list[Window]:
        """Return the windows known to meet `fact`."""
        groups = self.of(fact[:2])
        size, values = self._implied.get(fact, (0, []))
        if size != len(groups):
            values = [one for one in groups if implies((*fact[:2], one), fact)]
            self._implied[fact] = len(groups), values
        return [window for one in values for window in groups[one]]

    def of(self, expression: Expression) -> Mapping[ValueSet, list[Window]]:
        """Return what bins require of an expression -> the windows that hit one of them."""
        return self._known.get(expression, {})

    def count(self, expression: Expression) -> int:
        """Return how many windows there were for an expression."""
        return self._counts.get(expression, 0)


def _window(steps: Sequence[Step], last: int, track: str, sites: MoveSites) -> Window:
    """Return the items of a track up to step `last`; none if that is no item with its values."""
    taken = [step for step in steps[max(last - 2 * WINDOW, 0) : last + 1] if sites.is_item(track, step)]
    if not taken or last >= len(steps) or not sites.is_item(track, steps[last]):
        return ()
    fields = sites.payload[track]
    beats = [sites.beats(track, step)[0] for step in taken[-WINDOW:]]
    return tuple({name: beat[name] for name in fields} for beat in beats if fields.keys() <= beat.keys())
