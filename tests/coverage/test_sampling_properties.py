"""The vectorised sampler means what the row-by-row one says."""

from __future__ import annotations

import numpy as np
import pytest
from coverage_helpers import points_plan, table
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_sampler import naive_sample
from strategies import event_tables, plans

from dv_agent.coverage.contribution import UNSEEN, Sample, closeness
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.distance import FARTHEST
from dv_agent.coverage.sampling.lookup import MAX_SPAN, build_lookup
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.coverage.values import value_set
from dv_agent.designs.observation import Table


def as_rows(plan: Plan, sample: Sample) -> dict[str, tuple[int, ...]]:
    columns = (sample.hits, sample.first_row, sample.first_cycle, sample.distance, sample.residual, sample.nearest_row)
    lists = zip(*(column.tolist() for column in columns), strict=True)
    return {one.id: row for one, row in zip(plan.bins, lists, strict=True)}


@settings(max_examples=250, deadline=None)
@given(plans(), event_tables())
def test_sampler_equals_the_naive_one(plan: Plan, tables: dict[str, Table]) -> None:
    sample = Sampler(plan).sample(tables, range(len(plan.bins)))
    naive = naive_sample(plan, tables)
    for name, got in as_rows(plan, sample).items():
        want = naive.of(name)
        assert got == (
            want.hits, want.first_row, want.first_cycle, want.distance, want.residual, want.nearest_row,
        ), name  # fmt: skip
    assert sample.hidden_hits.tolist() == [naive.of(name).hits for name in plan.hidden]
    illegal = [naive.of(one.id) for one in plan.illegal]
    assert sample.illegal_hits.tolist() == [one.hits for one in illegal]
    found = [(one.row, one.cycle, one.count) for one in sample.illegal]
    assert found == [(one.first_row, one.first_cycle, one.hits) for one in illegal if one.hits]
    assert sample.observable.tolist() == [
        next(g.on for g in plan.covergroups if g.name == one.covergroup) in tables for one in plan.bins
    ]


@settings(max_examples=60, deadline=None)
@given(plans(), event_tables(), st.data())
def test_distances_of_a_subset_equal_those_of_all(plan: Plan, tables: dict[str, Table], data: st.DataObject) -> None:
    sampler = Sampler(plan)
    every = as_rows(plan, sampler.sample(tables, range(len(plan.bins))))
    chosen = data.draw(st.sets(st.integers(0, len(plan.bins) - 1)))
    for index, (name, row) in enumerate(as_rows(plan, sampler.sample(tables, sorted(chosen))).items()):
        assert row[:3] == every[name][:3]
        if index in chosen or row[0]:
            assert row == every[name]
        else:
            assert row[3:] == (UNSEEN, 0, -1)


@settings(max_examples=100, deadline=None)
@given(plans(), event_tables())
def test_distance_is_zero_exactly_for_hits(plan: Plan, tables: dict[str, Table]) -> None:
    sample = Sampler(plan).sample(tables, range(len(plan.bins)))
    assert ((sample.distance == 0) == (sample.hits > 0)).all()
    assert (sample.residual[sample.hits > 0] == 0).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, FARTHEST * 8)), min_size=2, max_size=2))
def test_closeness_never_contradicts_the_pairs(pairs: list[tuple[int, int]]) -> None:
    low, high = sorted(pairs)
    assert closeness(*low) <= closeness(*high)
    assert (closeness(*low) == 0) == (low == (0, 0))


def test_one_more_row_never_increases_a_distance() -> None:
    plan = points_plan(
        "[{name: a, of: a, bins: {x: 10, y: 20}}, {name: b, of: b, bins: {x: 10, y: 20}},"
        " {name: s, of: a, transitions: {t: [[1], [2], [3]]}}]",
        "[{name: c, of: [a, b]}]",
    )
    sampler, draw = Sampler(plan), np.random.default_rng(3)
    a, b = draw.integers(0, 30, 60).tolist(), draw.integers(0, 30, 60).tolist()
    before = [(UNSEEN, 0)] * len(plan.bins)
    for rows in range(1, 60):
        sample = sampler.sample({"t": table(a=a[:rows], b=b[:rows])}, range(len(plan.bins)))
        after = list(zip(sample.distance.tolist(), sample.residual.tolist(), strict=True))
        assert all(new <= old for new, old in zip(after, before, strict=True))
        before = after


@pytest.mark.parametrize("span", [100, MAX_SPAN, MAX_SPAN + 1, 1 << 61])
def test_lookup_at_the_ends_of_its_span_and_of_int64(span: int) -> None:
    low = -(span // 2)
    lookup = build_lookup([value_set([(low, low)]), value_set([(low + span - 1, low + span - 1)])])
    assert bool(len(lookup.table)) == (span <= MAX_SPAN)
    ends = [-(1 << 63), low - 1, low, low + 1, low + span - 2, low + span - 1, low + span, (1 << 63) - 1]
    assert lookup.find(np.array(ends)).tolist() == [2, 2, 0, 2, 2, 1, 2, 2]


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = points_plan(
        "[{name: a, of: a, auto: {range: [0, 9]}}, {name: b, of: b, auto: {range: [0, 9]}},"
        " {name: s, of: a, transitions: {t: [[1], [2], [3]], u: [[4], [5]], v: [[0], [9]]}}]",
        "[{name: c, of: [a, b]}]",
    )
    draw = np.random.default_rng(5)
    tables = {"t": table(a=draw.integers(0, 10, 70).tolist(), b=draw.integers(0, 10, 70).tolist())}
    whole = as_rows(plan, Sampler(plan).sample(tables, range(len(plan.bins))))
    monkeypatch.setattr("dv_agent.coverage.sampling.distance._BLOCK", 700)
    monkeypatch.setattr("dv_agent.coverage.sampling.sequences._BLOCK", 70)
    assert as_rows(plan, Sampler(plan).sample(tables, range(len(plan.bins)))) == whole


@settings(max_examples=150, deadline=None)
@given(plans(), st.lists(event_tables(), min_size=1, max_size=5), st.data())
def test_tests_sampled_together_equal_those_sampled_alone(
    plan: Plan, tests: list[dict[str, Table]], data: st.DataObject
) -> None:
    wanted = sorted(data.draw(st.sets(st.integers(0, len(plan.bins) - 1))))
    empty: dict[str, Table] = {}
    together = Sampler(plan).sample_turn([*tests, empty], wanted)
    for tables, sample in zip([*tests, empty], together, strict=True):
        alone = Sampler(plan).sample(tables, wanted)
        assert as_rows(plan, sample) == as_rows(plan, alone)
        assert sample.hidden_hits.tolist() == alone.hidden_hits.tolist()
        assert sample.illegal == alone.illegal
        assert sample.observable.tolist() == alone.observable.tolist()
