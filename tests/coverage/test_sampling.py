"""Sampling, by example."""

from __future__ import annotations

import numpy as np
import pytest
from coverage_helpers import hits_of, plan_of, points_plan, table

from dv_agent.coverage.contribution import UNSEEN, IllegalHit
from dv_agent.coverage.sampling.columns import find_column
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.designs.observation import Table


def test_rows_outside_the_filter_are_not_sampled_and_rows_keep_their_numbers() -> None:
    plan = points_plan("[{name: p, of: a, bins: {x: 1, y: [2, 3]}}]", head='on: t\n    when: "ok"')
    sample = Sampler(plan).sample({"t": table(a=[1, 3, 1, 1], ok=[0, 1, 2, 1], cycle=[10, 11, 12, 13])})
    assert sample.hits.tolist() == [2, 1]
    assert sample.first_row.tolist() == [2, 1]
    assert sample.first_cycle.tolist() == [12, 11]


def test_lanes_are_columns_of_their_own() -> None:
    plan = points_plan("[{name: p, of: m0, bins: {x: 1}}, {name: q, of: m1 - m0, bins: {y: 1}}]")
    assert hits_of(plan, Sampler(plan).sample({"t": table(m=[[1, 2], [5, 6], [1, 1]])}).hits) == {"p.x": 2, "q.y": 2}


@pytest.mark.parametrize(("name", "value"), [("m0", 7), ("m1", 2), ("m10", 40), ("v1", 9), ("m2", None), ("m01", None)])
def test_a_columns_own_name_goes_before_a_lane(name: str, value: int | None) -> None:
    columns = Table({"m": np.array([[1, 2]]), "m0": np.array([7]), "m1": np.array([[40]]), "v1": np.array([9])})
    if name == "m1":
        del columns.columns["m1"]
    column = find_column(columns, name)
    assert (None if column is None else column.tolist()) == (None if value is None else [value])


def test_transitions_stay_within_an_epoch_and_skip_filtered_rows() -> None:
    plan = points_plan("[{name: p, of: a, transitions: {t: [[1], [8]]}}]", head='on: t\n    when: "ok"')
    columns = {"a": [1, 5, 8, 1, 8], "ok": [1, 0, 1, 1, 1], "epoch": [0, 0, 0, 0, 1]}
    sample = Sampler(plan).sample({"t": table(**columns)})
    assert (sample.hits.tolist(), sample.first_row.tolist()) == ([1], [2])
    del columns["epoch"]
    assert Sampler(plan).sample({"t": table(**columns)}).hits.tolist() == [2]


def test_overlapping_matches_count_each() -> None:
    plan = points_plan("[{name: p, of: a, transitions: {t: [[1], [1]]}}]")
    sample = Sampler(plan).sample({"t": table(a=[1, 1, 1, 1])})
    assert sample.hits.tolist() == [3]
    assert sample.hidden_hits.tolist() == [4, 4]


def test_ignored_values_hit_nothing_not_even_crosses() -> None:
    plan = points_plan(
        "[{name: p, of: a, bins: {x: [0, 9]}, ignore: {d: {values: [5], why: w}}}, {name: q, of: b, bins: {y: 0}}]",
        "[{name: c, of: [p, q]}]",
    )
    sample = Sampler(plan).sample({"t": table(a=[5, 6], b=[0, 1])}, range(3))
    assert hits_of(plan, sample.hits) == {"p.x": 1, "q.y": 1}
    assert (sample.distance[2], sample.residual[2], sample.nearest_row[2]) == (1, 1, 0)


def test_illegal_hits_are_reported_once_a_bin() -> None:
    plan = points_plan(
        "[{name: p, of: a, bins: {x: 0}, illegal: {bad: {range: [8, 9], why: beyond}}},"
        " {name: s, of: a, transitions: {t: [[0], [0]]}, illegal: {jump: {sequence: [[0], [9]], why: no jump}}}]"
    )
    sample = Sampler(plan).sample({"t": table(a=[0, 9, 0, 8], cycle=[3, 4, 6, 9])})
    assert sample.illegal == (IllegalHit("g.p.bad", "beyond", 1, 4, 2), IllegalHit("g.s.jump", "no jump", 1, 4, 1))
    assert sample.illegal_hits.tolist() == [2, 1]
    assert Sampler(plan).sample({"t": table(a=[0])}).illegal == ()


def test_value_distance_names_the_nearest_row() -> None:
    plan = points_plan("[{name: p, of: a, bins: {x: 100, y: [-9, -5], z: {values: [40, [60, 70]]}}}]")
    sample = Sampler(plan).sample({"t": table(a=[0, 52, 90, 90])}, range(3))
    assert sample.distance.tolist() == [10, 5, 8]
    assert sample.nearest_row.tolist() == [2, 0, 1]


def test_cross_distance_prefers_members_met_to_small_differences() -> None:
    plan = points_plan(
        "[{name: p, of: a, bins: {x: 100}}, {name: q, of: b, bins: {y: 100}}]", "[{name: c, of: [p, q]}]"
    )
    one = Sampler(plan).sample({"t": table(a=[99, 100, 100], b=[99, 5, 40])}, [2])
    assert (one.distance[2], one.residual[2], one.nearest_row[2]) == (1, 60, 2)
    two = Sampler(plan).sample({"t": table(a=[99, 60], b=[98, 70])}, [2])
    assert (two.distance[2], two.residual[2], two.nearest_row[2]) == (2, 3, 0)


def test_transition_distance_is_the_length_less_the_longest_prefix() -> None:
    plan = points_plan("[{name: p, of: a, transitions: {t: [[1], [2], [3], [4]], u: [[7], [8]]}}]")
    sample = Sampler(plan).sample({"t": table(a=[1, 0, 1, 2, 0, 1, 2])}, [0, 1])
    assert sample.distance.tolist() == [2, 2]
    assert sample.nearest_row.tolist() == [3, -1]


def test_what_cannot_be_observed_is_not_a_miss() -> None:
    plan = plan_of("""
        schema_version: 1
        covergroups:
          - {name: g, on: t, coverpoints: [{name: p, of: a, bins: {x: 1}}]}
          - {name: h, on: cycles, coverpoints: [{name: p, of: a, bins: {x: 1}}]}
    """)
    for tables in ({"t": table(a=[1])}, {"t": table(a=[1]), "cycles": Table({})}):
        sample = Sampler(plan).sample(tables, range(2))
        assert sample.observable.tolist() == [True, False]
        assert sample.distance.tolist() == [0, UNSEEN]
    empty = Sampler(plan).sample({"t": table(a=[])}, range(2))
    assert (empty.observable.tolist(), empty.distance.tolist()) == ([True, False], [UNSEEN, UNSEEN])


def test_two_covergroups_on_one_table_and_a_constant_expression() -> None:
    plan = plan_of("""
        schema_version: 1
        covergroups:
          - {name: g, on: t, coverpoints: [{name: rows, of: "1", bins: {any: {values: [1], at_least: 3}}}]}
          - {name: h, on: t, when: "a < 0", coverpoints: [{name: p, of: abs(a), auto: {range: [1, 2]}}]}
    """)
    sample = Sampler(plan).sample({"t": table(a=[-1, 4, -2, -2])})
    assert [one.id for one in plan.bins] == ["g.rows.any", "h.p.1", "h.p.2"]
    assert sample.hits.tolist() == [4, 1, 2]
