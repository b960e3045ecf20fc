"""Decoys: bins that the coverage plan declares unreachable, mixed into the holes that an agent with tools is shown.

They are made from the plan's `ignore` entries and are bins of a separate plan, which is sampled in addition to the real
one: so a decoy has a distance, parts and a nearest test like any hole, and the real plan, its hash and its coverage do
not change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.plan import Plan, build_plan
from dv_agent.coverage.structure import Bin, Covergroup, Coverpoint, Cross, Excluded, Tier
from dv_agent.coverage.values import range_text

TIER: Tier = "hard"
"""The tier of bins that random stimulus never hits in a measurement."""

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def choose_decoys(plan: Plan, wanted: int, seed: int) -> tuple[str, ...]:
    """Return the ids of at most `wanted` ignored bins, drawn at random with `seed`, in the order of the plan."""
    known = [one.id for _, one in decoy_bins(plan)]
    drawn = set(random.Random(f"decoys/{seed}").sample(sorted(known), min(wanted, len(known))))
    return tuple(one for one in known if one in drawn)


def decoy_bins(plan: Plan, *, chosen: bool = False) -> tuple[tuple[Excluded, Bin], ...]:
    """Return each `ignore` entry of the plan, with the bin that it would be; of the plan alone, not of the code.

    Args:
        chosen: whether those that a test may hit, and that the plan leaves out by choice, are among them.
    """
    pairs = (pair for group in plan.covergroups if group.name != CODE for pair in _bins_of(group))
    return tuple(pair for pair in pairs if chosen or not pair[0].choice)


def argument_of(plan: Plan, decoy: str) -> str:
    """Return the plan's argument why a decoy is unreachable; empty if the bin is not a decoy."""
    return next((entry.why for entry, one in decoy_bins(plan) if one.id == decoy), "")


def decoy_plan(plan: Plan, chosen: Sequence[str]) -> Plan:
    """Return a plan with only the chosen decoys."""
    groups = [part for group in plan.covergroups for part in _parts_of(group, frozenset(chosen))]
    return build_plan(plan.path, tuple(groups), plan.columns)


def _parts_of(group: Covergroup, chosen: frozenset[str]) -> Iterator[Covergroup]:
    """Yield the chosen decoys of a covergroup: those of coverpoints, then those of crosses with all coverpoints."""
    made: dict[str, list[Bin]] = {}
    for _, one in _bins_of(group):
        if one.id in chosen:
            made.setdefault(one.item, []).append(one)
    points = [
        replace(one, hidden=False, bins=tuple(made[one.name]), ignored=(), illegal=())
        for one in group.coverpoints
        if one.name in made
    ]
    if points:
        yield replace(group, coverpoints=tuple(points), crosses=())
    crosses = [replace(one, bins=tuple(made[one.name]), ignored=()) for one in group.crosses if one.name in made]
    if crosses:
        crossed = {name for one in crosses for name in one.of}
        whole = [replace(one, hidden=True, illegal=()) for one in group.coverpoints if one.name in crossed]
        yield replace(group, coverpoints=tuple(whole), crosses=tuple(crosses))


def _bins_of(group: Covergroup) -> Iterator[tuple[Excluded, Bin]]:
    """Yield the entries with their bins; of several with the same values only the first."""
    made = [(one, _of_values(group, point, one)) for point in group.coverpoints for one in point.ignored]
    made += [(one, _of_cross(group, cross, one)) for cross in group.crosses for one in cross.ignored]
    seen = set[str]()
    for entry, one in made:
        if one.id not in seen:
            seen.add(one.id)
            yield entry, one


def _of_values(group: Covergroup, point: Coverpoint, entry: Excluded) -> Bin:
    """Return a bin named by its values, as automatic bins are: the name in the plan might reveal that it is a decoy."""
    taken = {one.name for one in point.bins}
    steps = ["_".join(range_text(low, high) for low, high in values.ranges) for values in entry.values]
    name = "_then_".join(steps)[:60]
    while name in taken:
        name += "_"
    value = " then ".join(str(one) for one in entry.values)
    words = {"bin": name, "value": value}
    text = _PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), point.description)
    return Bin(
        id=f"{group.name}.{point.name}.{name}", covergroup=group.name, item=point.name, name=name, kind=point.kind,
        tier=TIER, description=text or f"{point.of.text} = {value}",
        at_least=point.bins[0].at_least if point.bins else 1, weight=point.weight, values=entry.values,
    )  # fmt: skip


def _of_cross(group: Covergroup, cross: Cross, entry: Excluded) -> Bin:
    name = entry.id.split(".", 2)[2]
    members = tuple(name.split("+"))
    points = {one.name: one for one in group.coverpoints}
    chosen = [
        next(one for one in points[point].bins if one.name == member)
        for point, member in zip(cross.of, members, strict=True)
    ]
    value = " and ".join(f"{point} = {one.values[0]}" for point, one in zip(cross.of, chosen, strict=True))
    words = {"bin": " x ".join(members), "value": value, **dict(zip(cross.of, members, strict=True))}
    text = _PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), cross.description)
    return Bin(
        id=entry.id, covergroup=group.name, item=cross.name, name=name, kind="cross", tier=TIER,
        description=text or value, at_least=cross.bins[0].at_least if cross.bins else 1, weight=cross.weight,
        members=members,
    )  # fmt: skip
