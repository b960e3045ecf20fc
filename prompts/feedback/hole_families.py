"""All holes by family (coverpoint or cross): the meaning of the bins and which of them are open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.holes import Family, families
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS, Bin, Covergroup, Coverpoint, Kind, Tier
from dv_agent.prompts.feedback.bin_names import MOST, compact_names
from dv_agent.prompts.view import View

MOST_POINTS = 40
"""Most names of points of code that are listed of one kind."""


@dataclass(frozen=True, slots=True)
class OpenBins:
    """The open bins of one tier of a family; `rest`: the bins are all those not listed under another tier."""

    tier: Tier
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


def family_texts(view: View) -> tuple[FamilyText, ...]:
    """Return every family with holes, in plan order."""
    groups = {group.name: group for group in view.plan.covergroups}
    return tuple(_family(view.plan, groups[one.covergroup], one) for one in families(view.plan, view.holes))


def _family(plan: Plan, group: Covergroup, family: Family) -> FamilyText:
    points = {point.name: point for point in group.coverpoints}
    crosses = {cross.name: cross for cross in group.crosses}
    crossed = crosses[family.item].of if family.item in crosses else ()
    open_bins = [plan.bins[plan.index(hole.bin)] for hole in family.holes]
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
        tiers=_tiers(open_bins, family.bins),
    )


def _legend(point: Coverpoint, needed: Collection[str]) -> Legend:
    return Legend(point.name, point.of.text, compact_names([one for one in point.bins if one.name in needed]))


def _tiers(holes: Sequence[Bin], bins: int) -> tuple[OpenBins, ...]:
    """Return open bins by tier; for a cross with no bin hit the names of the largest tier are left out."""
    by_tier = {tier: [one for one in holes if one.tier == tier] for tier in TIERS}
    found = {tier: members for tier, members in by_tier.items() if members}
    largest = max(found, key=lambda tier: len(found[tier]))
    whole = len(holes) == bins and holes[0].kind == "cross"
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
