"""Guesses for what no item has reached yet: a field that rises or falls with a value, or a small change near to it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from statistics import StatisticsError, correlation

from dv_agent.agents.search.field_records.deciding_fields import LINE, Site, value
from dv_agent.agents.search.field_records.item_windows import Window
from dv_agent.agents.search.plan_relations import Fact
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.ports.field_spec import FieldSpec

SURE = 0.8
"""Correlation from which on a field is taken to rise or fall with a value."""
FEW = 3
"""Windows of one value that are looked at."""
Fields = Mapping[str, FieldSpec]
Known = Mapping[ValueSet, Sequence[Window]]


def guessed(
    fact: Fact, known: Known, sites: Sequence[Site], fields: Fields, source: random.Random
) -> tuple[Window, dict[Site, int]] | None:
    """Return a window near to meeting `fact`, and what to change in it; None if nothing near is known.

    Args:
        known: windows of bins that require another value of the same expression.
        sites: the fields that decide the value, as far as known.
    """
    points = [
        (one.ranges[0][0], window) for one, windows in known.items() if one.size == 1 for window in windows[-FEW:]
    ]
    if not points:
        return None
    target = fact[2].ranges[0][0]
    points.sort(key=lambda point: abs(point[0] - target))
    if line := _on_a_line(target, points, fields, source):
        return line
    window = source.choice(points[: 2 + len(points) // 4])[1]
    return window, dict([changed(window, sites, fields, source)])


def _on_a_line(
    target: int, points: Sequence[tuple[int, Window]], fields: Fields, source: random.Random
) -> tuple[Window, dict[Site, int]] | None:
    """Return the nearest window, and the field that rises or falls with the value set to where `target` would be."""
    if len({level for level, _ in points}) < LINE:
        return None
    depth = min(len(window) for _, window in points)
    rising = dict[Site, float]()
    for site in (Site(back, field) for back in range(depth) for field in fields):
        try:
            found = abs(correlation([level for level, _ in points], [value(window, site) for _, window in points]))
        except StatisticsError:  # it never changes
            continue
        if found > SURE:
            rising[site] = found**8
    if not rising:
        return None
    site = source.choices(list(rising), list(rising.values()))[0]
    first, near = points[0]
    other = next((point for point in points if point[0] != first and value(point[1], site) != value(near, site)), None)
    if other is None:
        return None
    slope = (value(other[1], site) - value(near, site)) / (other[0] - first)
    spec = fields[site.field]
    return near, {site: min(max(round(value(near, site) + slope * (target - first)), spec.low), spec.high)}


def changed(window: Window, sites: Sequence[Site], fields: Fields, source: random.Random) -> tuple[Site, int]:
    """Return a field of a window and another value for it: with one bit flipped, or that of a field as wide, or any."""
    usable = [site for site in sites if site.back < len(window)]
    site = source.choice(usable or [Site(back, name) for back in range(len(window)) for name in fields])
    spec, old = fields[site.field], value(window, site)
    kind = source.randrange(4)
    if kind < 2:
        new = old ^ 1 << source.randrange(spec.width)
    elif kind == 2:
        alike = [item[name] for item in window for name, one in fields.items() if one.width == spec.width]
        new = source.choice(alike)
    else:
        new = source.randint(spec.low, spec.high)
    return site, new if spec.low <= new <= spec.high else source.randint(spec.low, spec.high)
