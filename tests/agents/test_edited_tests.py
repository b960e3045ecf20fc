"""A reply may change an earlier test instead of writing it again, and may ask to look at a near miss."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.llm.edited_test import MOST_LOOKS, written_out
from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.agents.models.chat_model import ScriptedModel
from dv_agent.agents.records.resimulation import recorded_proposal
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.stimulus import StimulusError, parse_test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.prompts.text.test_names import quoted_name, whole_name
from dv_agent.runners.registry import find_simulator

BASE: dict[str, Any] = {
    "name": "base", "seed": 7,
    "tracks": {"in": [{"row": [{"m": 1, "e": 0}]}, {"idle": 4}, {"row": [{"m": 2, "e": 1, "times": 8}]}],
               "out": [{"stall": 9}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> DesignFolder:
    return find_design("mxint_softmax")


def edit(folder: DesignFolder, **more: Any) -> dict[str, Any]:
    base = parse_test(BASE, folder.design)
    return dict(written_out({"name": "new", "like": "base", **more}, {"base": base}))


def test_steps_and_tracks_are_replaced_and_the_rest_is_kept(folder: DesignFolder) -> None:
    made = edit(folder, steps={"in[0]": [{"idle": 1}, {"idle": 2}], "in[1]": []}, tracks={"reset": [{"pulse": 1}]})
    assert made == {
        "name": "new", "seed": 7,
        "tracks": {"in": [{"idle": 1}, {"idle": 2}, BASE["tracks"]["in"][2]], "out": [{"stall": 9}],
                   "reset": [{"pulse": 1}]},
    }  # fmt: skip
    assert edit(folder, seed=8)["seed"] == 8


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"like": "bse"}, "did you mean base"),
        ({"like": 3}, "unknown earlier test"),
        ({"steps": {"in[3]": {}}}, r"in\[0..2\]"),
        ({"steps": {"in": {}}}, "no such step"),
        ({"steps": []}, "expected an object"),
        ({"tracks": []}, "expected an object"),
        ({"steps": {"../in[0]": {}}}, "no such step"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_refused_with_its_reason(folder: DesignFolder, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(StimulusError, match=reason):
        edit(folder, **more)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_no_change_that_a_model_can_write_ends_in_another_error(data: Any) -> None:
    design = find_design("mxint_softmax")
    known = {"base": parse_test(BASE, design.design)}
    for written in ({"like": "base", "steps": data}, {"like": data}, {"like": "base", "tracks": data, "steps": {}}):
        parsed = parse_reply(json.dumps({"tests": [written]}), design.design, design.schema, known=known)
        assert len(parsed.tests) + sum(parsed.dropped.values()) == 1


def test_a_long_name_may_be_written_as_it_is_shown(folder: DesignFolder) -> None:
    names = [f"rows of every length against a stalled output, part {part} of the whole sweep" for part in (1, 2)]
    known = {name: parse_test({**BASE, "name": name, "seed": seed}, folder.design) for seed, name in enumerate(names)}
    shown = [json.loads(quoted_name(name)) for name in names]
    assert all(len(one) <= 60 and "..." in one for one in shown)
    assert [written_out({"like": one}, known).get("seed", 0) for one in shown] == [0, 1]
    assert written_out({"like": names[0]}, known)["tracks"] == BASE["tracks"]
    with pytest.raises(StimulusError, match="unknown earlier test"):
        written_out({"like": shown[0][:30]}, known)


@given(st.text(max_size=200))
def test_every_shown_name_is_whole_json_and_finds_its_test(name: str) -> None:
    assert whole_name(json.loads(quoted_name(name)), [name]) == name


def test_a_model_looks_at_what_came_nearest_and_changes_its_own_test(folder: DesignFolder) -> None:
    replies = (
        json.dumps({"tests": [BASE]}),
        json.dumps({"look": ["row.length.3", "row.lengths.six_ones", "no.such.bin", "row.length.8"], "tests": [
            {"name": "shorter", "like": "base", "steps": {"in[2]": {"row": [{"m": 5, "e": 1, "times": 3}]}}}]}),
        "{}",
    )  # fmt: skip
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        model, budget, state = ScriptedModel(replies, 32_000), Budget(), RunState(empty_coverage(bench.plan))
        for _ in range(3):
            view = make_view(bench, state, budget)
            proposal = LlmAgent(model).propose(view)
            before, (state, turn) = state, advance(state, proposal, bench, budget)
            if proposal.look:
                again, _ = advance(before, recorded_proposal(turn, None), bench, budget)
    assert state.turn == 3
    second = model.asked[1][-1].content
    assert "like" in model.asked[1][0].content
    assert "like" not in model.asked[0][0].content
    assert "nearest" in second
    third = model.asked[2][-1].content
    assert "row.length (3)" in third
    assert "row.lengths.six_ones, test" in third
    assert "row.length.3" not in third.split("What you asked to look at")[1].split("# Holes")[0]
    assert 'look: "row.length.3" is no open bin' in third
    assert 'look: "no.such.bin" is no open bin' in third
    assert f"more than {MOST_LOOKS} bins" in third
    window = third.split("What you asked to look at")[1].split("===== END")[0].splitlines()
    rows = [line for line in window if line.strip().lstrip("*")[:1].isdigit()]
    assert len(rows) == 20
    assert sum("*" in line for line in rows) == 1
    assert again.windows[0].lines[0].split()[:3] == ["cycle", "in_valid", "in_ready"]
