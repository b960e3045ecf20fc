"""Totals against figures worked out by hand from IEEE 1800-2017 §19.11."""

from __future__ import annotations

import pytest
from coverage_helpers import plan_of, points_plan, table
from hypothesis import given, settings
from strategies import event_tables, plans

from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.coverage.totals import Summary, Totals, overall_totals, summarise
from dv_agent.designs.observation import Table

TEXT = """
    schema_version: 1
    covergroups:
      - name: g
        on: t
        weight: 3
        coverpoints:
          - {name: p, of: a, weight: 2, auto: {range: [0, 3]}, tiers: {hard: [3]}}
          - {name: q, of: b, bins: {x: {values: [0], at_least: 2}, y: 1}}
          - {name: spare, of: a, weight: 0, bins: {never: 99}}
        crosses: [{name: c, of: [p, q], weight: 5, tier: hard, ignore: [{when: {p: [0, 1]}, why: w}]}]
      - name: h
        on: t
        coverpoints: [{name: p, of: a, auto: {range: [0, 9]}}]
"""


def summary_of(plan: Plan, tables: dict[str, Table]) -> Summary:
    return summarise(empty_coverage(plan).add(Sampler(plan).sample(tables), "one"))


def test_weighted_averages() -> None:
    # g.p: 0, 2, 3 of 4; g.q: y of 2 (x has 1 of 2 hits); g.spare: 0 of 1, weight 0; g.c: 2+y, 3+x of 4; h.p: 3 of 10.
    summary = summary_of(plan_of(TEXT), {"t": table(a=[0, 2, 3], b=[1, 1, 0])})
    group = (2 * 3 / 4 + 1 * 1 / 2 + 5 * 2 / 4) / 8
    assert summary.items == {
        "g.p": Totals(bins=4, bins_hit=3, coverage_pct=75),
        "g.q": Totals(bins=2, bins_hit=1, coverage_pct=50),
        "g.spare": Totals(bins=1, bins_hit=0, coverage_pct=0),
        "g.c": Totals(bins=4, bins_hit=2, coverage_pct=50),
        "h.p": Totals(bins=10, bins_hit=3, coverage_pct=30),
    }
    assert summary.covergroups["g"].coverage_pct == pytest.approx(100 * group)
    assert (summary.covergroups["g"].bins, summary.covergroups["g"].bins_hit) == (11, 6)
    assert summary.overall.coverage_pct == pytest.approx(100 * (3 * group + 0.3) / 4)
    assert (summary.overall.bins, summary.overall.bins_hit) == (21, 9)


def test_tiers_use_the_formula_on_their_own_bins() -> None:
    summary = summary_of(plan_of(TEXT), {"t": table(a=[0, 2, 3], b=[1, 1, 0])})
    assert list(summary.tiers) == ["easy", "hard"]
    # Hard: g.p.3 (hit, weight 2) and g.c (2 of 4, weight 5); h has no hard bin.
    assert summary.tiers["hard"].coverage_pct == pytest.approx(100 * (2 * 1 + 5 * 0.5) / 7)
    assert (summary.tiers["hard"].bins, summary.tiers["hard"].bins_hit) == (5, 3)
    easy = (2 * 2 / 3 + 1 / 2) / 3
    assert summary.tiers["easy"].coverage_pct == pytest.approx(100 * (3 * easy + 0.3) / 4)


def test_hidden_coverpoints_count_in_no_total() -> None:
    plan = points_plan(
        "[{name: p, of: a, hidden: true, bins: {x: 0}}, {name: q, of: b, bins: {y: 0}}]", "[{name: c, of: [p, q]}]"
    )
    assert summary_of(plan, {"t": table(a=[5], b=[0])}).overall == Totals(bins=2, bins_hit=1, coverage_pct=50)


def test_weights_of_zero() -> None:
    text = TEXT.replace("weight: 3", "weight: 0")
    summary = summary_of(plan_of(text), {"t": table(a=[0], b=[1])})
    assert summary.overall.coverage_pct == pytest.approx(10)
    assert summary.covergroups["g"].coverage_pct == pytest.approx(100 * (2 / 4 + 1 / 2) / 8)
    nothing = points_plan("[{name: p, of: a, weight: 0, bins: {x: 0}}]")
    assert overall_totals(empty_coverage(nothing)) == Totals(bins=1, bins_hit=0, coverage_pct=100)


@settings(max_examples=40, deadline=None)
@given(plans(), event_tables())
def test_parts_add_up(plan: Plan, tables: dict[str, Table]) -> None:
    summary = summary_of(plan, tables)
    for parts in (summary.tiers, summary.covergroups, summary.items):
        assert sum(one.bins for one in parts.values()) == summary.overall.bins == len(plan.bins)
        assert sum(one.bins_hit for one in parts.values()) == summary.overall.bins_hit
    assert 0 <= summary.overall.coverage_pct <= 100
    assert (summary.overall.coverage_pct > 100 - 1e-9) == (summary.overall.bins == summary.overall.bins_hit)
