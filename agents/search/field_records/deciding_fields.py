"""Which fields of which items decide the value of an expression of the plan: those that agree where its value does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from dv_agent.agents.search.field_records.item_windows import WINDOW, Expression, ItemWindows, Window

SAME = 12
"""Windows of one value that are compared with one another."""
PAIRS = 3
"""Pairs of windows from which on something is learnt."""
RARER = 0.4
"""A field decides if two windows of one value differ in it at most so many times as often as any two windows do."""
USUAL = 0.25
"""Share of any two windows that must differ in it: of a field that hardly ever changes nothing is learnt."""
NEW = 1.25
LINE = 4
"""Different values from which on a field may be taken to rise or fall with them."""


class Site(NamedTuple):
    """A field of the item that was sent `back` items before the newest one."""

    back: int
    field: str


class DecidingFields:
    """What was learnt of one run's windows; learnt anew when a quarter more of them are known."""

    def __init__(self, windows: ItemWindows) -> None:
        self._windows = windows
        self._known: dict[Expression, tuple[int, tuple[Site, ...]]] = {}

    def of(self, expression: Expression) -> tuple[Site, ...]:
        """Return the fields that decide the value of an expression; empty while nothing is known."""
        count = self._windows.count(expression)
        before, sites = self._known.get(expression, (0, ()))
        if count > NEW * before:
            groups = [group[-SAME:] for group in self._windows.of(expression).values()]
            sites = _deciding(groups, self._windows.recent[-4 * SAME :])
            self._known[expression] = count, sites
        return sites


def _deciding(groups: Iterable[Sequence[Window]], usual: Sequence[Window]) -> tuple[Site, ...]:
    within = [pair for group in groups for pair in combinations(group, 2)]
    if len(within) < PAIRS:
        return ()
    every = list(combinations(usual, 2))
    names = usual[-1][-1]
    sites = [Site(back, field) for back in range(WINDOW) for field in names]
    usually = {site: _differ(every, site) for site in sites}
    return tuple(site for site in sites if usually[site] > USUAL and _differ(within, site) < RARER * usually[site])


def _differ(pairs: Sequence[tuple[Window, Window]], site: Site) -> float:
    """Return in which share of the pairs a field differs; 0 if none is long enough."""
    both = [(one, two) for one, two in pairs if len(one) > site.back < len(two)]
    return sum(value(one, site) != value(two, site) for one, two in both) / len(both) if both else 0.0


def value(window: Window, site: Site) -> int:
    """Return the value of a field of a window that is long enough."""
    found: int = window[-1 - site.back][site.field]
    return found
