"""All holes by family (coverpoint or cross): the meaning of the bins and which of them are open."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.holes import Family, families
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS, Bin, Covergroup, Coverpoint, Kind, Tier
from dv_agent.prompts.feedback.bin_names import MOST, compact_names
from dv_agent.prompts.feedback.left_out_bins import CODE_WORDS, no_bins
from dv_agent.prompts.view import View

MOST_POINTS = 40
"""Most names of points of code that are listed of one kind."""


@dataclass(frozen=True, slots=True)
class OpenBins:
    """The open bins of one tier of a family, or all of them if nobody knows tiers: then `tier` is empty.

    Attributes:
        rest: whether the bins are all those not listed under another tier.
    """

    tier: Tier | Literal[""]
    count: int
    names: str
    rest: bool


@dataclass(frozen=True, slots=True)
class Legend:
    """A coverpoint used in a cross: what it samples, and its bins that occur in open cross bins."""

    name: str
    of: str
    bins: str


@dataclass(frozen=True, slots=True)
class FamilyText:
    """A family with holes, in the form that the template prints.

    Attributes:
        group: covergroup, with its `group_description`, the table `on` whose rows are sampled (empty for code), and
            condition `when`.
        of: the expression that a coverpoint samples; empty for crosses.
        legend: the coverpoints of a cross.
        bins, open: number of bins, and number of holes.
        no_bins: what is no bin although it looks like one; of a plan that a person wrote, combinations of a cross.
    """

    group: str
    group_description: str
    on: str
    when: str
    item: str
    kind: Kind
    description: str
    of: str
    legend: tuple[Legend, ...]
    bins: int
    open: int
    tiers: tuple[OpenBins, ...]
    no_bins: str = ""


def family_texts(view: View) -> tuple[FamilyText, ...]:
    """Return every family with holes, in plan order."""
    groups = {group.name: group for group in view.plan.covergroups}
    found = (_family(view.plan, groups[one.covergroup], one) for one in families(view.plan, view.holes))
    return tuple(found) if view.compared else tuple(_explained(view, groups[one.group], one) for one in found)


def _explained(view: View, group: Covergroup, family: FamilyText) -> FamilyText:
    """Add what a reader of a plan that nobody wrote must be told."""
    open_bins = [
        view.plan.bins[view.plan.index(hole.bin)] for hole in view.holes
        if (hole.covergroup, hole.item) == (family.group, family.item)
    ]  # fmt: skip
    family = replace(family, no_bins=no_bins(view.plan, group, family.item))
    if not view.tiered or family.group == CODE:  # nobody measures how rare points of code are
        whole = family.kind == "cross" and family.open == family.bins and _is_full(open_bins)
        names = "" if whole else _point_names(view, open_bins) if family.group == CODE else compact_names(open_bins)
        family = replace(family, tiers=(OpenBins("", family.open, names, whole),))
    if family.group == CODE and (words := CODE_WORDS.get(family.item)):
        family = replace(family, description=words)
    return family


def _point_names(view: View, bins: Sequence[Bin]) -> str:
    """Return the names of points of code; of expressions, each with its row."""
    points = view.plan.code.alive if view.plan.code else ()
    rows = {one.name: f"{one.name} [{one.row}]" for one in points if one.kind == "expression"}
    names = [rows.get(one.name, one.name) if one.item == "expression" else one.name for one in bins[:MOST_POINTS]]
    return ", ".join(names) + (f" ... {len(bins) - MOST_POINTS} more" if len(bins) > MOST_POINTS else "")


def _family(plan: Plan, group: Covergroup, family: Family) -> FamilyText:
    points = {point.name: point for point in group.coverpoints}
    crosses = {cross.name: cross for cross in group.crosses}
    crossed = crosses[family.item].of if family.item in crosses else ()
    open_bins = [plan.bins[plan.index(hole.bin)] for hole in family.holes]
    left_out = _left_out(family, open_bins) if crossed else ""
    return FamilyText(
        group=group.name,
        group_description=group.description,
        on="" if group.name == CODE else group.on,
        when=group.when.text if group.when else "",
        item=family.item,
        kind=family.holes[0].kind,
        description=family.description.removesuffix(": {bin}"),
        of="" if crossed or group.name == CODE else points[family.item].of.text,
        legend=tuple(
            _legend(points[name], {one.members[place] for one in open_bins}) for place, name in enumerate(crossed)
        ),
        bins=family.bins,
        open=len(family.holes),
        tiers=_tiers(open_bins, family.bins, told=bool(left_out)),
        no_bins=left_out,
    )


def _left_out(family: Family, bins: Sequence[Bin]) -> str:
    """Return the combinations that are no bins of a cross, if all its bins are open and take longer to name."""
    if len(bins) != family.bins or _is_full(bins):
        return ""
    there = {one.members for one in bins}
    every = product(*(dict.fromkeys(members) for members in zip(*there, strict=True)))
    words = compact_names([replace(bins[0], members=members) for members in sorted(set(every) - there)])
    return words if len(words) < len(compact_names(bins)) else ""


def _is_full(bins: Sequence[Bin]) -> bool:
    """Return whether the bins of a cross are all combinations of their members."""
    return len(bins) == math.prod(len(set(members)) for members in zip(*(one.members for one in bins), strict=True))


def _legend(point: Coverpoint, needed: Collection[str]) -> Legend:
    return Legend(point.name, point.of.text, compact_names([one for one in point.bins if one.name in needed]))


def _tiers(holes: Sequence[Bin], bins: int, told: bool) -> tuple[OpenBins, ...]:
    """Return open bins by tier; for a cross with no bin hit the names of the largest tier are left out.

    They are not where the cross lacks combinations that are not `told`: nobody could tell then which there are.
    """
    by_tier = {tier: [one for one in holes if one.tier == tier] for tier in TIERS}
    found = {tier: members for tier, members in by_tier.items() if members}
    largest = max(found, key=lambda tier: len(found[tier]))
    whole = len(holes) == bins and holes[0].kind == "cross" and (told or _is_full(holes))
    is_code = holes[0].covergroup == CODE
    return tuple(
        OpenBins(
            tier,
            len(members),
            "" if whole and tier == largest else compact_names(members, MOST_POINTS if is_code else MOST),
            whole and tier == largest,
        )
        for tier, members in found.items()
    )
