"""A near miss names the values that were seen and those that were wanted."""

import pytest
from coverage_helpers import plan_of, points_plan, table

from dv_agent.coverage.contribution import NO_VALUE
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.designs.column_words import column_words
from dv_agent.designs.language.expression import parse
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError
from dv_agent.prompts.feedback.near_misses import near_distance
from dv_agent.prompts.view import Near


def words(plan: Plan, index: int, **columns: list[int]) -> str:
    sample = Sampler(plan).sample({"t": table(**columns)}, range(len(plan.bins)))
    seen = sample.nearest_values[index].tolist()[: len(plan.bins[index].members) or 1]
    told = () if NO_VALUE in seen else tuple(seen)
    return near_distance(plan, Near(index, float(sample.distance[index]), {}, told)).words


def test_the_missing_member_of_a_cross_is_named_with_what_came_instead() -> None:
    plan = points_plan(
        "[{name: p, of: a, bins: {x: 100}}, {name: q, of: b, bins: {y: [7, 9]}}]", "[{name: c, of: [p, q]}]"
    )
    assert words(plan, 2, a=[99, 100, 100], b=[99, 5, 40]) == "1 of 2 members met on one sample; q was 5, wanted 7..9"


def test_a_filtered_row_is_not_the_one_that_is_told() -> None:
    plan = points_plan("[{name: p, of: a, bins: {x: 100}}]", head="on: t\n    when: b == 1")
    assert words(plan, 0, a=[99, 40], b=[0, 1]) == "nearest value 40, wanted 100"


def test_a_sequence_tells_what_came_where_the_next_step_was_wanted() -> None:
    plan = points_plan("[{name: p, of: a, transitions: {t: [[1], [2], [3, 4]]}}]")
    assert words(plan, 0, a=[1, 2, 9, 1]) == "2 of 3 steps in a row, then 9 instead of 3..4"
    assert words(plan, 0, a=[5, 1, 2]) == "2 of 3 steps in a row"
    assert words(plan, 0, a=[1, 2, 3], epoch=[0, 0, 1]) == "2 of 3 steps in a row"


def test_a_value_without_meaning_as_a_distance_has_none() -> None:
    plan = points_plan('[{name: p, of: "(a == 3) * b", bins: {x: 2}}, {name: q, of: "2 * a - 1", bins: {y: 9}}]')
    assert words(plan, 0, a=[3, 1], b=[1, 2]) == "not hit yet"
    assert words(plan, 1, a=[3, 1], b=[1, 2]) == "nearest value 5, wanted 9"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("a", True), ("a - b + 3", True), ("4 * a", True), ("a >> 2", True), ("max(a, -b)", True), ("a * b", False),
     ("a & 3", False), ("a == 3", False), ("not a", False), ("a % 4", False), ("a + (b > 1)", False)],
)  # fmt: skip
def test_only_sums_and_scaled_columns_are_amounts(text: str, amount: bool) -> None:
    assert parse(text).is_amount is amount


def test_a_plan_may_say_what_its_columns_mean() -> None:
    text = """
        schema_version: 1
        columns: {{{entry}}}
        covergroups: [{{name: g, on: t, coverpoints: [{{name: p, of: a, bins: {{x: 1}}}}]}}]
    """
    assert plan_of(text.format(entry="a: the sum, t.b: another")).columns == {"a": "the sum", "t.b": "another"}
    assert plan_of(text.format(entry="a: other words")).hash == plan_of(text.format(entry="b: words")).hash
    for entry in ("a: [1]", "a: ''", f"a: {'x' * 300}"):
        with pytest.raises(InputFileError, match=r"plan\.yaml"):
            plan_of(text.format(entry=entry))


def test_columns_that_every_design_has_are_defined() -> None:
    design = find_design("mxint_softmax").design
    assert "back-pressure included" in column_words(design, "row", "longest_gap")
    assert column_words(design, "cycle", "out_stall").startswith("cycles, this one included, that valid")
    assert column_words(design, "transfer_in", "stall") == "cycles that valid waited for ready"
    assert column_words(design, "row", "acc_exp") == ""
    assert column_words(design, "row", "prev_length") == "`length` one row of `row` earlier"
