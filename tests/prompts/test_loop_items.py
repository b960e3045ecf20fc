"""The loop variables of one item of a step, found without expanding the step."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from small_design import small_design, small_schema

from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.program import unpack
from dv_agent.prompts.feedback.loop_items import loop_variables

DESIGN, SCHEMA = small_design(), small_schema()
ROW = {"row": [{"m": ["i", "j"], "e": 0}]}
LEAVES = st.sampled_from([ROW, {"idle": 2}, {"repeat": 2, "steps": [ROW, {"at": 3}, ROW]}])
RANGES = st.sampled_from([[0, 2], {"values": [3, -1]}, {"range": [0, 9], "step": 4}])


@given(RANGES, RANGES, st.lists(LEAVES, min_size=1, max_size=3), st.booleans())
def test_every_item_of_nested_loops_has_the_variables_of_its_expansion(
    i: Any, j: Any, leaves: list[Any], nested: bool
) -> None:
    step = {"for": {"i": i, "j": j}, "steps": leaves}
    if nested:
        step = {"for": {"i": i}, "steps": [{"for": {"j": j}, "steps": leaves}]}
    ops = [op for op in expand(DESIGN, SCHEMA, Test(tracks={"in": (step,)})).tracks["in"] if op.kind == "send"]
    fields = DESIGN.grammars["in"].fields
    made = [dict(zip("ij", unpack(fields, op.value)["m"], strict=True)) for op in ops]
    assert [loop_variables(step, number, ["row"]) for number in range(len(made))] == made
    assert loop_variables(step, len(made), ["row"]) is None


def test_what_is_not_known_before_it_is_drawn_is_not_told() -> None:
    loop = {"for": {"i": [0, 3]}, "steps": [{"random": {"count": [1, 2]}}, ROW]}
    assert loop_variables(loop, 1, ["row"]) is None
    assert loop_variables({**loop, "steps": [{"random": {"count": 3}}]}, 5, ["row"]) == {"i": 1}
    assert loop_variables({"for": {"i": [0, 3]}, "steps": [{"job": {}, "times": 2}]}, 0, ["row"]) is None
    assert loop_variables({"for": 3}, 0, ["row"]) is None
