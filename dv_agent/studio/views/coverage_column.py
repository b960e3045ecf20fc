"""What stands in the right column: totals, covergroups, what this turn won, and what is still open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.coverage.database import Coverage
from dv_agent.coverage.holes import Hole, families, holes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS
from dv_agent.coverage.totals import Totals, summarise
from dv_agent.eval.report.hole_stories import general, nearness
from dv_agent.eval.report.page import Group, covergroups

SHOWN = 30


@dataclass(frozen=True, slots=True)
class NewBin:
    """A bin that was covered first in this turn; `test` is the number of the test that did it."""

    id: str
    tier: str
    description: str
    test: int


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One covergroup; `new` counts the bins that this turn won."""

    group: Group
    new: int


@dataclass(frozen=True, slots=True)
class HoleRow:
    """One hole; `near` says how near the tests came, empty where that is not known."""

    name: str
    tier: str
    description: str
    near: str


@dataclass(frozen=True, slots=True)
class HoleFamily:
    """The first holes of one coverpoint or cross, nearest first; `more` counts the others."""

    name: str
    about: str
    bins: int
    open_bins: int
    holes: tuple[HoleRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class CoverageColumn:
    """The coverage after a turn; `tiers` maps a tier to its totals."""

    overall: Totals
    tiers: Mapping[str, Totals]
    groups: tuple[GroupRow, ...]
    new: tuple[NewBin, ...]
    families: tuple[HoleFamily, ...]


def coverage_column(coverage: Coverage, won: Iterable[tuple[int, Sequence[str]]], measured: bool) -> CoverageColumn:
    """The column of `coverage`.

    Args:
        won: for each test of the turn its number and the ids of the bins that it covered first.
        measured: whether distances are known.
    """
    plan, summary = coverage.plan, summarise(coverage)
    new = tuple(_new(plan, won))
    by_group = Counter(plan.bins[plan.index(one.id)].covergroup for one in new)
    return CoverageColumn(
        overall=summary.overall,
        tiers=summary.tiers,
        groups=tuple(GroupRow(group, by_group[group.name]) for group in covergroups(plan, summary)),
        new=new,
        families=tuple(_families(plan, holes(plan, coverage), measured)),
    )


def _new(plan: Plan, won: Iterable[tuple[int, Sequence[str]]]) -> list[NewBin]:
    """Harder bins first; what the plan does not know is passed over."""
    found = [
        NewBin(one.id, one.tier, one.description, test)
        for test, names in won
        for name in names
        if (slot := plan.slots.get(name, len(plan.bins))) < len(plan.bins)
        for one in [plan.bins[slot]]
    ]
    return sorted(found, key=lambda one: -TIERS.index(one.tier))


def _families(plan: Plan, found: tuple[Hole, ...], measured: bool) -> list[HoleFamily]:
    rows = []
    for family in families(plan, found):
        ordered = sorted(family.holes, key=_distance) if measured else family.holes
        rows.append(
            HoleFamily(
                name=f"{family.covergroup}.{family.item}",
                about=general(family.description),
                bins=family.bins,
                open_bins=len(family.holes),
                holes=tuple(
                    HoleRow(one.name, one.tier, one.description, nearness(one) if measured else "")
                    for one in ordered[:SHOWN]
                ),
                more=max(len(family.holes) - SHOWN, 0),
            )
        )
    return rows


def _distance(hole: Hole) -> float:
    return float("inf") if hole.distance is None else hole.distance
