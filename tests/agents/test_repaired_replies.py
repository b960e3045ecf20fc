"""JSON that can mean one thing only is read and counted; thoughts are neither read nor sent back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_design import small_design, small_schema

from dv_agent.agents.llm.json_scanner import read_value
from dv_agent.agents.llm.reply_parser import ParsedReply, parse_reply
from dv_agent.agents.llm.thinking import has_thinking, spoken, without_thinking
from dv_agent.agents.models.chat_model import Reply, ToolCall
from dv_agent.agents.tools.model_bridge import to_answer

DESIGN, SCHEMA = small_design(), small_schema()
TEST = {"name": "it", "tracks": {"in": [{"row": [{"m": 1, "e": 0}]}]}}
ONE = json.dumps({"tests": [TEST]})


def parse(text: str) -> ParsedReply:
    return parse_reply(text, DESIGN, SCHEMA, "stop")


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (ONE, {}),
        (ONE.replace('"', "'"), {"quotes": 8}),
        (ONE.replace('"', "\u201d"), {"quotes": 8}),
        (ONE.replace('"tests"', "\u201ctests\u201d"), {"quotes": 1}),
        (ONE.replace('"tests"', "\u2018tests\u2019"), {"quotes": 1}),
        (ONE.replace(": 1", ": /* one * two **/ 1"), {"comment": 1}),
        (ONE.replace(": 1", ": // one\n 1"), {"comment": 1}),
        (ONE.replace("}]}]}", "},],},],}"), {"comma": 4}),
        (ONE.replace(" ", "\u00a0"), {"space": 9}),
        (ONE.replace(" ", "\u3000").replace("{", "\u200b{", 1), {"space": 9}),
        (ONE.replace('"name": "it"', '"name": null').replace("null", "None"), None),
        (json.dumps({"tests": json.dumps([TEST])}), {"text": 1}),
        (json.dumps({"tests": [json.dumps(TEST)]}), {"text": 1}),
        (json.dumps({"tests": TEST}), {"text": 1}),
        (json.dumps({"tests": json.dumps({"tests": [TEST]})}), {"text": 2}),
        (json.dumps(ONE), {"text": 1}),
    ],
)
def test_what_can_mean_one_thing_only_is_read_and_counted(text: str, repaired: dict[str, int] | None) -> None:
    found = parse(text)
    if repaired is None:  # the word is understood, though a name must be text
        assert found.repaired == {"word": 1}
        assert "name" in found.errors[0]
        return
    assert [one.tracks for one in found.tests] == [{"in": ({"row": [{"m": 1, "e": 0}]},)}], found
    assert (found.errors, found.dropped, found.repaired) == ((), {}, repaired)


@pytest.mark.parametrize("value", ["0x1F", "0b11", "NaN", "1e400", "007", "1_000", "+5"])
def test_feedback_quotes_what_was_written_and_nothing_of_ours(value: str) -> None:
    (line,) = parse(ONE.replace(": 1", f": {value}")).errors
    assert value in line
    assert "Fault" not in line
    assert "reason=" not in line


def test_a_comment_without_an_end_costs_no_more_than_its_text() -> None:
    for size in (10_000, 100_000):
        assert parse("[/* {" * size).tests == ()


WORDS = st.text(st.characters(codec="ascii", exclude_characters="\\\n"), max_size=8)
VALUES = st.recursive(
    WORDS | st.integers(-(10**17), 10**17),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_python_writes_what_is_read_as_json_would_be(value: object) -> None:
    text = repr({"k": value})
    reading = read_value(text, 0, len(text))
    if "\\x" not in text:
        assert (reading.error, reading.value) == ("", {"k": value})


THOUGHTS = (
    "<think>{}</think>", "<thinking>{}</thinking>", "<reasoning>{}</reasoning>", "[THINK]{}[/THINK]",
    "<seed:think>{}</seed:think>", "◁think▷{}◁/think▷", "{}</think>", "<thought>{}</thought>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>{}<|channel|>final <|constrain|>json<|message|>", "analysisSo {}assistantfinal",
    "<|START_THINKING|>{}<|END_THINKING|>", "<|begin_of_thought|>{}<|end_of_thought|>",
)  # fmt: skip
DRAFT = json.dumps({"tests": [{"name": "draft", "tracks": {"in": [{"idle": 3}]}}]})


@pytest.mark.parametrize("marks", THOUGHTS)
def test_a_draft_among_thoughts_is_no_test_and_is_not_sent_back(marks: str) -> None:
    text = marks.replace("{}", f"I try {DRAFT}") + ONE
    assert [one.name for one in parse(text).tests] == ["it"]
    assert spoken(text) == ONE
    assert len(without_thinking(text)) == len(text)
    back = to_answer(Reply(text=text, tool_calls=(ToolCall(id="a", name="finish", arguments="{}"),)))
    assert back.content == ONE


@pytest.mark.parametrize("mark", ["<think>", "<thinking>", "[THINK]", "◁think▷", "<|channel|>analysis<|message|>"])
def test_thoughts_without_an_end_hold_no_test(mark: str) -> None:
    found = parse(f"{mark}I try {DRAFT}")
    assert (found.tests, found.dropped) == ((), {"empty": 1})
    assert "thoughts only" in found.errors[0]


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "[THINK]", "[/THINK]", "<|end|>", "a ", "\n", ONE]), max_size=9)
)
def test_places_stay_places_and_nothing_is_thought_twice(parts: list[str]) -> None:
    text = "".join(parts)
    left = without_thinking(text)
    assert len(left) == len(text)
    assert left.count("\n") == text.count("\n")
    assert all(one in (other, " ") for one, other in zip(left, text, strict=True))
    assert not has_thinking(text) or len(spoken(text)) < len(text)
