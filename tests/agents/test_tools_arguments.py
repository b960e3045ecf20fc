"""Calls with bad arguments: every one is an answer in words, none an exception, whatever a model writes."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tool_script import LONG, WIDE
from tool_session import open_tool_benches

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.toolbox.arguments import TOOLS, tool_specs
from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
from dv_agent.agents.toolbox.text import result_limits
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.language.stimulus import parse_test
from dv_agent.designs.loader import find_design

OPEN = "row.lengths.falling"
COVERED = "row.length.1"


@pytest.fixture(scope="module")
def dispatcher() -> Iterator[ToolDispatcher]:
    """After a turn with one test."""
    with open_tool_benches(find_design("mxint_softmax")) as benches:
        bench = benches()
        dispatcher = ToolDispatcher(bench, result_limits(ModelSettings(model="any", context_tokens=32_000)))
        test = parse_test(WIDE, bench.folder.design)
        state, _ = advance(RunState(empty_coverage(bench.plan)), Proposal(tests=(test,)), bench, Budget())
        dispatcher.begin(make_view(bench, state, Budget()))
        yield dispatcher


def ask(dispatcher: ToolDispatcher, name: str, arguments: object) -> str:
    dispatcher.begin(replace(dispatcher._now()[0], last=()))  # a new turn, so that no bound of one is met
    text = dispatcher.answer("call", name, arguments if isinstance(arguments, str) else json.dumps(arguments))
    assert text is not None
    return text


REPORT = {"test": 0, "title": "a bug", "explanation": LONG}
BAD = [
    ("find_cycles", {"test": 0, "condition": "in_valid +"}, "condition:"),
    ("find_cycles", {"test": 0, "condition": "no_such.pin == 1"}, "unknown signal"),
    ("find_cycles", {"test": 0, "condition": "__import__('os')"}, "condition:"),
    ("explain_failure", {"test": 0}, "fails no check"),
    ("explain_failure", {"test": 4}, "no test 4"),
    ("search_rtl", {"text": "zq"}, "no line of the RTL holds"),
    ("search_rtl", {"text": "clk", "first": 9_999}, "first:"),
    ("read_specification", {"section": "3.9"}, "unknown section '3.9'; did you mean"),
    ("read_specification", {"section": "exponential and so on"}, "unknown section"),
    ("read_specification", {"section": "3", "first": 999_999}, "characters only"),
    ("read_specification", {"section": "x" * 201}, "section: String should have at most 200 characters"),
    ("read_specification", {"first": -1}, "first: Input should be greater than or equal to 0"),
    ("read_specification", {"sections": "3"}, "sections: Extra inputs are not permitted; it takes section, first"),
    ("read_rtl", {"name": "steam_fifo"}, "did you mean stream_fifo"),
    ("read_rtl", {"name": "../model.py"}, "unknown module or file '../model.py'"),
    ("read_rtl", {"name": "/etc/passwd"}, "unknown module or file"),
    (
        "read_rtl",
        {"name": "stream_fifo", "first_line": 900},
        "stream_fifo.v has lines 1 to 82, and 900 to 80 are none of them",
    ),
    ("read_rtl", {"name": "stream_fifo", "first_line": 9, "last_line": 3}, "9 to 3 are none of them"),
    ("read_rtl", {"name": "stream_fifo", "first_line": 1e30}, "first_line"),
    ("trace_signal", {}, "signal: Field required"),
    ("trace_signal", {"signal": "in_redy"}, "did you mean in_ready"),
    ("trace_signal", {"signal": "count"}, "It stands in module"),
    ("trace_signal", {"signal": "clk", "module": "fifo"}, "unknown module 'fifo'; did you mean"),
    ("trace_signal", {"signal": "in_ready", "depth": 99}, "depth: Input should be less than or equal to 12"),
    ("list_holes", {"covergroup": "presure"}, "unknown covergroup 'presure'; did you mean"),
    ("list_holes", {"tier": "harder"}, "tier: Input should be 'any', 'easy', 'medium' or 'hard'"),
    ("list_holes", {"first": 5_000}, "there are 194 holes here"),
    ("explain_hole", {"bin": "row.lengths.faling"}, "did you mean row.lengths.falling"),
    ("explain_hole", {"bin": COVERED}, f"{COVERED} is covered already"),
    ("explain_hole", {"bin": 7}, "bin: Input should be a valid string"),
    ("run_tests", {"tests": []}, "tests: List should have at least 1 item"),
    ("run_tests", {"tests": [{"name": "x"}] * 65}, "at most 64 items"),
    ("run_tests", {"tests": "all"}, "tests: Input should be a valid list"),
    ("run_tests", {"tests": [{"tracks": {"inn": [{"idle": 1}]}}]}, "no test can run:"),
    ("run_tests", {"tests": [{"tracks": {"in": [{"random": {"count": 10**12}}]}}]}, "no test can run:"),
    ("show_waveform", {"test": 1}, "this run has no test 1; it has tests 0 to 0"),
    ("show_waveform", {"test": 0, "first_cycle": 99_999}, "test 0 has cycles 0 to 2361"),
    ("show_waveform", {"test": 0, "signals": ["in_redy"]}, "did you mean in_ready or"),
    ("show_waveform", {"test": 0, "signals": ["clk"] * 25}, "at most 24 items"),
    ("show_waveform", {"test": 0, "signals": ["beat_fifo.cont"]}, "did you mean beat_fifo.count"),
    ("show_waveform", {"test": 0, "signals": ["x" * 201]}, "signals.0: String should have at most 200 characters"),
    ("show_waveform", {"test": 0, "cycles": 65}, "cycles: Input should be less than or equal to 64"),
    ("claim_unreachable", {"bin": OPEN, "argument": "no"}, "argument: String should have at least 20 characters"),
    ("claim_unreachable", {"bin": COVERED, "argument": LONG}, f"{COVERED} is covered already"),
    ("claim_unreachable", {"bin": "no.such.bin", "argument": LONG}, "unknown hole 'no.such.bin'"),
    ("report_bug", {"test": 4, "title": "a bug", "explanation": LONG}, "this run has no test 4"),
    ("report_bug", {"test": 0, "title": "bug", "explanation": LONG}, "title: String should have at least 5 characters"),
    ("report_bug", {**REPORT, "module": "no_module", "signals": ["x"]}, "unknown module 'no_module'"),
    ("report_bug", {**REPORT, "module": "row_accumulator", "signals": ["ac"]}, "did you mean acc"),
    ("report_bug", {**REPORT, "module": "row_accumulator"}, "a module alone is no place"),
    ("report_bug", {**REPORT, "signals": ["acc"]}, "module: name the module that holds"),
    ("report_bug", {**REPORT, "module": "row_accumulator", "first_line": 30, "last_line": 40}, "at most 10 lines"),
    ("report_bug", {**REPORT, "module": "row_accumulator", "first_line": 9_000}, "row_accumulator stands in"),
    ("report_bug", {**REPORT, "module": "row_accumulator", "first_line": 9, "last_line": 8}, "is before first_line"),
    ("report_bug", {**REPORT, "module": "row_accumulator", "signals": list("abcdef")}, "at most 5 items"),
    ("finish", {}, "reason: Field required"),
    ("finnish", {"reason": "x"}, "unknown tool 'finnish'; did you mean finish"),
    ("os.system", "rm -rf /", "unknown tool 'os.system'"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD)
def test_bad_arguments_are_answered_with_what_was_expected(
    dispatcher: ToolDispatcher, name: str, arguments: object, message: str
) -> None:
    text = ask(dispatcher, name, arguments)
    assert text.startswith("ERROR: ")
    assert message in text
    assert len(text) < 2_000
    (use,) = dispatcher.leave().uses
    assert use.error
    assert use.size == len(text)


def test_every_tool_is_tried_with_bad_arguments() -> None:
    assert {name for name, _, _ in BAD} >= set(TOOLS)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '"x"', "{", '{"bin": ', "{'bin': 1}", '{"bin": 1, "bin": 2}', "NaN", "x"]
)
@pytest.mark.parametrize("name", ["explain_hole", "run_tests", "report_bug"])
def test_arguments_that_are_no_json_object_are_refused(dispatcher: ToolDispatcher, name: str, text: str) -> None:
    assert ask(dispatcher, name, text).startswith("ERROR: ")


@pytest.mark.parametrize(
    "text",
    [
        '{"bin":' * 5_000,
        '{"bin": "' + "x" * 500_000 + '"}',
        '{"test": ' + "9" * 5_000 + "}",
        '{"bin": "\\ud800"}',
        '{"bin": "a\ud800b"}',
        json.dumps({"tests": [{"name": "x" * 300_000}]}),
        '{"tests": [' + "{}," * 60_000 + "{}]}",
        "{" + ", ".join(f'"k{i}": {i}' for i in range(20_000)) + "}",
    ],
    ids=["deep", "long", "digits", "escaped surrogate", "surrogate", "long name", "many tests", "many keys"],
)
def test_monstrous_arguments_cost_little_and_are_answered(dispatcher: ToolDispatcher, text: str) -> None:
    for name in TOOLS:
        answer = ask(dispatcher, name, text)
        assert len(answer) <= 12_000
        assert answer.encode()
        (use,) = dispatcher.leave().uses
        assert len(use.arguments) <= 1_000


WORDS = st.sampled_from(["section", "name", "bin", "signal", "test", "tests", "tier", "first", "cycles", "signals"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150)
@given(name=st.sampled_from([*TOOLS, "x"]), arguments=st.dictionaries(WORDS, VALUES, max_size=4))
def test_no_arguments_raise(dispatcher: ToolDispatcher, name: str, arguments: dict[str, object]) -> None:
    dispatcher.new_reply()
    assert dispatcher.answer("call", name, json.dumps(arguments)) != ""
    assert not any(use.error.startswith("internal") for use in dispatcher.leave().uses)


def test_results_share_the_room_of_one_reply(dispatcher: ToolDispatcher) -> None:
    first = ask(dispatcher, "read_rtl", {"name": "normaliser"})
    again = [dispatcher.answer("call", "read_rtl", '{"name": "normaliser"}') or "" for _ in range(8)]
    assert len(first) > 5_000
    assert len(again[-1]) <= 1_200
    assert all(text.startswith("=====") for text in again)
    assert all("===== END" in text for text in again)
    assert sum(map(len, again)) < 24_000 + 8 * 1_200


def test_long_texts_are_read_page_by_page(dispatcher: ToolDispatcher) -> None:
    small = ToolDispatcher(dispatcher._waves, result_limits(ModelSettings(model="any", context_tokens=4_000)))
    small.begin(dispatcher._now()[0])
    text = small.answer("a", "read_specification", '{"section": "4"}') or ""
    place = text.rsplit("first=", 1)[1].split()[0]
    more = small.answer("b", "read_specification", json.dumps({"section": "4", "first": int(place)})) or ""
    assert text.splitlines()[-3] not in more
    rtl = small.answer("c", "read_rtl", '{"name": "normaliser"}') or ""
    assert "read on with first_line=" in rtl
    dispatcher.begin(dispatcher._now()[0])  # a turn of its own: results of one turn share their room
    page = dispatcher.answer("d", "list_holes", "{}") or ""
    assert "list on with first=40" in page


def test_what_models_are_told_of_tools_is_bounded_and_whole() -> None:
    specs = tool_specs()
    assert [one.name for one in specs] == list(TOOLS)
    for one in specs:
        assert 20 < len(one.description) < 300
        assert one.parameters["type"] == "object"
        for name, field in one.parameters["properties"].items():
            bounded = {"maxLength", "maximum", "maxItems", "enum"} & set(field)
            assert bounded, f"{one.name}.{name} has no bound"
