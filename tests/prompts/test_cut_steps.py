"""What is too long for a prompt is cut where it matters least: around a fault, in the middle, and said to be cut."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prompt_views import busy_view, softmax_view

from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.feedback.results import played_tests
from dv_agent.prompts.feedback.step_texts import NEAREST_MORE, STEP_MOST, places_text, step_room
from dv_agent.prompts.renderer import render
from dv_agent.prompts.sections import ERROR_MOST
from dv_agent.prompts.text.compact_json import json_around, json_ends
from dv_agent.prompts.view import Attempt, Near, Outcome, View

LONG = {"row": [{"m": place, "e": 0} for place in range(40)]}
JSON = st.recursive(
    st.integers() | st.text(max_size=8), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner)
)


@given(JSON, st.integers(40, 200))
def test_both_ends_of_data_are_kept_within_the_room(data: Any, most: int) -> None:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    if text.isprintable():
        cut = json_ends(data, most)
        assert len(cut) <= most
        assert (cut == text) == (len(text) <= most)
        assert text.startswith(cut[:4])
        assert text.endswith(cut[-2:])


@given(st.integers(0, 39), st.sampled_from(["m", "e"]), st.integers(60, 200))
def test_the_part_at_fault_stands_in_what_is_left(place: int, key: str, most: int) -> None:
    faulty = {"row": [dict(one) for one in LONG["row"]]}
    faulty["row"][place][key] = 98_765
    cut = json_around({"repeat": 3, "steps": [faulty]}, ("steps", 0, "row", place, key), most)
    assert f'"{key}":98765' in cut or cut.startswith("...98765")
    assert len(cut) <= most


def test_an_error_far_in_a_long_step_shows_what_was_written_there() -> None:
    folder = find_design("mxint_softmax")
    beats = [{"m": 1, "e": place % 8} for place in range(8)]
    rows = [{"row": [dict(one) for one in beats]} for _ in range(30)]
    rows[27]["row"][6]["e"] = 987
    reply = json.dumps({"tests": [{"name": "far", "tracks": {"in": [{"repeat": 2, "steps": rows}]}}]})
    (line,) = parse_reply(reply, folder.design, folder.schema).errors
    assert "tracks.in[0].steps[27].row[6].e" in line
    assert '"e":987}' in line.split("you wrote", 1)[1]
    assert line in render(replace(softmax_view(), turn=1, errors=(line,)), 100_000, 4_000).user
    assert len(line) < ERROR_MOST


def test_the_steps_of_a_nearest_test_are_whole_as_long_as_there_is_room() -> None:
    steps = tuple({**LONG, "gap": place} for place in range(9))
    test = Test(name="long", tracks={"in": steps, "out": ({"stall": 3},)})
    room = step_room([Attempt(test, Near(0, 1.0, {"in": 4, "out": 0}), 0), Attempt(test, Near(1, 1.0, {"in": 7}), 0)])
    assert json.loads(room.text(test, "in", 4)) == steps[4]
    assert room.text(test, "in", 5).endswith("...")
    assert len(room.text(test, "in", 5)) <= STEP_MOST
    many = step_room(Attempt(test, Near(place, 1.0, {"in": place}), 0) for place in range(9))
    told = [many.text(test, "in", place) for place in range(9)]
    assert sum(map(len, told)) <= NEAREST_MORE + 9 * (STEP_MOST + 4)
    assert [place for place, text in enumerate(told) if "characters..." in text] == [4]


def test_a_prompt_shows_the_nearest_step_among_many_and_names_those_it_leaves_out(tmp_path: Path) -> None:
    view = near_the_end(busy_view(tmp_path))
    user = render(view, 100_000, 4_000).user
    assert 'in[25] {"row":[{"m":25,"e":0}],"gap":25}' in user
    assert "more steps: in[6..24] in[26..29]" in user
    hidden = next(line for line in user.splitlines() if "test 0 of the last turn" in line and "in[25]" in line)
    assert "{" not in hidden, "its text stands in the results"


def test_a_strategy_without_results_tells_the_steps_with_the_hole(tmp_path: Path) -> None:
    view = near_the_end(busy_view(tmp_path))
    user = render(view, 100_000, 4_000, "llm4dv-best").user + render(view, 100_000, 4_000, "stuck").user
    assert "in[25]" in user


def near_the_end(view: View) -> View:
    """The view after one test of thirty steps, whose step 25 came nearest to every open bin."""
    steps = tuple({"row": [{"m": place, "e": 0}], "gap": place} for place in range(30))
    test = Test(name="thirty", tracks={"in": steps})
    near = tuple(Near(view.plan.index(hole.bin), 0.0, {"in": 25}, (), 70) for hole in view.holes)
    return replace(view, last=(Outcome(test, 100, "drained", (), (), near),), nearest={})


def test_short_tests_leave_their_room_to_long_ones(tmp_path: Path) -> None:
    short = Outcome(Test(name="short", tracks={"in": ({"idle": 3},)}), 9, "drained", (), ())
    long = Outcome(Test(name="long", tracks={"in": (LONG, LONG)}), 9, "drained", (), ())
    view = busy_view(tmp_path)
    told = played_tests(replace(view, last=(short, short, long)))
    assert all("characters..." not in line for line in told)
    told = played_tests(replace(view, last=(long, long, long)))
    assert sum(map(len, told)) < 3 * 800
    assert "characters..." in told[0]


def test_places_of_steps_are_told_in_runs() -> None:
    assert places_text([("in", 3), ("out", 0), ("in", 1), ("in", 2), ("in", 9)]) == "in[1..3] in[9] out[0]"
