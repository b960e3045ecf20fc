"""Coverage totals, as counts and as IEEE 1800 percentages."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dv_agent.coverage.database import Coverage
from dv_agent.coverage.structure import TIERS
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.trace import BoolColumn


class Totals(Frozen):
    """The coverage of a set of bins.

    Attributes:
        bins: number of bins.
        bins_hit: number of bins with at_least hits.
        coverage_pct: the weighted average of IEEE 1800-2017 §19.11: for a covergroup, the average over its items
            that have bins of the share of covered bins, weighted by the items; then likewise over the covergroups.
            100 if nothing has weight.
    """

    bins: int
    bins_hit: int
    coverage_pct: float


class Summary(Frozen):
    """Totals of the whole plan and of its parts; items are called ``covergroup.item``."""

    overall: Totals
    tiers: dict[str, Totals]
    covergroups: dict[str, Totals]
    items: dict[str, Totals]


def summarise(coverage: Coverage) -> Summary:
    """Return all totals of `coverage`. A tier counts only the bins of that tier, by the same formula."""
    plan = coverage.plan
    group_of = np.array([one.covergroup for one in plan.bins])
    items = {f"{item.covergroup}.{item.name}": (item.start, item.stop) for item in plan.items}
    return Summary(
        overall=overall_totals(coverage),
        tiers=tier_totals(coverage),
        covergroups={group.name: _totals(coverage, group_of == group.name) for group in plan.covergroups},
        items={name: _share(coverage.covered[start:stop]) for name, (start, stop) in items.items()},
    )


def overall_totals(coverage: Coverage) -> Totals:
    """Return the totals of the whole plan only."""
    return _totals(coverage, np.ones(len(coverage.plan.bins), dtype=np.bool_))


def tier_totals(coverage: Coverage) -> dict[str, Totals]:
    """Return the totals of each tier that has bins."""
    tier_of = np.array([one.tier for one in coverage.plan.bins])
    return {tier: _totals(coverage, tier_of == tier) for tier in TIERS if (tier_of == tier).any()}


def _totals(coverage: Coverage, chosen: BoolColumn) -> Totals:
    plan = coverage.plan
    covered = coverage.covered & chosen
    bins = np.bincount(plan.item_of[chosen], minlength=len(plan.items)).tolist()
    hit = np.bincount(plan.item_of[covered], minlength=len(plan.items)).tolist()
    shares: dict[str, list[tuple[int, float]]] = {group.name: [] for group in plan.covergroups}
    for item, count, found in zip(plan.items, bins, hit, strict=True):
        if count and item.weight:
            shares[item.covergroup].append((item.weight, found / count))
    groups = [(group.weight, _average(shares[group.name])) for group in plan.covergroups if shares[group.name]]
    # For one covergroup alone its own weight must not matter, even if it is 0.
    average = groups[0][1] if len(groups) == 1 else _average(groups)
    return Totals(bins=int(chosen.sum()), bins_hit=int(covered.sum()), coverage_pct=100 * average)


def _share(covered: BoolColumn) -> Totals:
    bins, hit = len(covered), int(covered.sum())
    return Totals(bins=bins, bins_hit=hit, coverage_pct=100 * hit / bins if bins else 100.0)


def _average(pairs: Iterable[tuple[int, float]]) -> float:
    listed = list(pairs)
    weight = sum(weight for weight, _ in listed)
    return sum(weight * share for weight, share in listed) / weight if weight else 1.0
