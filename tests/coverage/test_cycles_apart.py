"""How many cycles apart the conditions of a bin were met, where none of a test's cycles met them all."""

import pytest
from coverage_helpers import points_plan, table
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.coverage.sampling.cycles_apart import FARTHEST, Apart, conditions_of, cycles_apart, met_on
from dv_agent.coverage.sampling.sampler import Sampler

THREE = points_plan(
    "[{name: p, of: a, bins: {x: 1}}, {name: q, of: b, bins: {y: [1, 2]}}, {name: r, of: c, bins: {z: 1}}]",
    "[{name: all, of: [p, q, r]}]",
)
SUM = '"(s == 5 and q > 0) * ((r == 1) * (1 + c + 2 * d) + 9 * (r == 2))"'
SHAPES = {
    SUM: "2", '"(s == 5) * (1 + c)"': "[1, 2]", '"s == 5 and q == 1 and not d"': "1", '"q * c * d"': "[2, 4]",
    '"c * (s == 5)"': "0", '"c + d"': "2",
}  # fmt: skip


def test_the_nearest_cycles_of_two_events_are_told_with_what_came_early_or_late() -> None:
    plan = points_plan("[{name: p, of: a, bins: {x: 1}}, {name: q, of: b, bins: {y: 1}}]", "[{name: c, of: [p, q]}]")
    rows = table(cycle=range(9), a=[1, 0, 0, 1, 0, 0, 0, 0, 0], b=[0, 0, 0, 0, 0, 1, 0, 0, 0])
    assert cycles_apart(plan, plan.bins[2], {"t": rows}) == Apart(("p",), 5, 3)
    assert cycles_apart(plan, plan.bins[2], {"t": table(cycle=range(9), a=[1] * 9, b=[0] * 9)}) is None
    assert cycles_apart(plan, plan.bins[0], {"t": rows}) is None
    assert cycles_apart(plan, plan.bins[2], {}) is None


def test_a_filter_and_the_factors_of_an_expression_are_conditions_too() -> None:
    plan = points_plan('[{name: p, of: "(s == 5) * (1 + c)", bins: {x: 2}}]', head="on: t\n    when: moved == 1")
    rows = table(cycle=range(5), s=[5, 5, 0, 0, 0], c=[0, 0, 0, 1, 1], moved=[0, 1, 0, 1, 1])
    assert cycles_apart(plan, plan.bins[0], {"t": rows}) == Apart(("s",), 3, 1)


@pytest.mark.parametrize("cycles", [[0, 9, 30, 70], [0, 1, 1, 2], [0, 1, 2, 3 + FARTHEST]])
def test_rows_of_rare_events_or_several_in_a_cycle_tell_no_distance_in_cycles(cycles: list[int]) -> None:
    rows = table(cycle=cycles, a=[1, 0, 0, 0], b=[2, 2, 2, 0], c=[0, 0, 0, 1])
    assert cycles_apart(THREE, THREE.bins[3], {"t": rows}) is None


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=40))
def test_no_other_two_cycles_of_a_test_are_nearer(rows: list[tuple[int, int, int]]) -> None:
    met = [(a == 1, b > 0, c == 1) for a, b, c in rows]
    most = max(map(sum, met))
    gaps = [
        abs(there - here)
        for here, one in enumerate(met)
        for there, other in enumerate(met)
        if sum(one) == most and 0 < most < 3 and all(y for x, y in zip(one, other, strict=True) if not x)
    ]
    columns = dict(zip("abc", zip(*rows, strict=True), strict=True))
    found = cycles_apart(THREE, THREE.bins[3], {"t": table(cycle=range(len(rows)), **columns)})
    assert (found.cycles if found else None) == min(gaps, default=None)
    if found:
        lacking = {name for name, one in zip("pqr", met[found.cycle], strict=True) if not one}
        assert set(found.unmet) == lacking


@pytest.mark.parametrize(("of", "values"), SHAPES.items())
@given(rows=st.lists(st.tuples(st.sampled_from([0, 5]), *[st.integers(0, 2)] * 4), min_size=1, max_size=30))
def test_conditions_hold_together_exactly_where_the_bin_is_hit(
    of: str, values: str, rows: list[tuple[int, int, int, int, int]]
) -> None:
    plan = points_plan(f"[{{name: p, of: {of}, bins: {{x: {values}}}}}]", head="on: t\n    when: q != 1 and r < 2")
    rows_of = table(cycle=range(len(rows)), **dict(zip("sqrcd", zip(*rows, strict=True), strict=True)))
    met = met_on(conditions_of(plan, plan.bins[0]), rows_of)
    assert met is not None
    assert met.all(axis=0).sum() == Sampler(plan).sample({"t": rows_of}).hits[0]


def test_of_a_sequence_the_first_step_is_looked_at() -> None:
    plan = points_plan('[{name: p, of: "(a == 1) * b", transitions: {x: [[1], [0]]}}]')
    rows = table(cycle=range(4), a=[0, 1, 0, 0], b=[0, 0, 1, 0])
    assert cycles_apart(plan, plan.bins[0], {"t": rows}) == Apart(("a",), 2, 1)
