"""Replies of models: found leniently, checked strictly, bounded, and everything dropped is told."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_design import small_design, small_schema

from dv_agent.agents.llm.json_scanner import clean, read_value
from dv_agent.agents.llm.reply_parser import MAX_CHARACTERS, MAX_ITEMS, MAX_LINES, MAX_TESTS, ParsedReply, parse_reply
from dv_agent.designs.language.stimulus import parse_test

DESIGN, SCHEMA = small_design(), small_schema()
ROW = {"row": [{"m": [1, 2], "e": 3}]}


def test_of(value: int, **more: Any) -> dict[str, Any]:
    return {"tracks": {"in": [{"row": [{"m": value, "e": 0}]}]}, **more}


test_of.__test__ = False  # type: ignore[attr-defined]


def parse(text: str, finish_reason: str = "stop") -> ParsedReply:
    return parse_reply(text, DESIGN, SCHEMA, finish_reason)


ONE = json.dumps({"tests": [test_of(1), test_of(2)]})


# Finding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        f"Plan: hit in[0] and [both].\n\n```json\n{ONE}\n```\nDone.",
        f"```\n{ONE}\n```",
        f"~~~json\n{ONE}\n~~~",
        f"```json\n{ONE}",
        f"```json {ONE} ```",
        f"Here it is {ONE} as you asked.",
        f'<think>I try {{"tests": []}} or {json.dumps(test_of(9))}</think>{ONE}',
        json.dumps([test_of(1), test_of(2)]),
        f"```json\n{json.dumps(test_of(1))}\n```\nand\n```json\n{json.dumps(test_of(2))}\n```",
        f"{json.dumps(test_of(1))}\n{json.dumps(test_of(2))}",
        ONE.replace("}]}]}", "},],},],}").replace('"tests": [', '// what I thought of\n"tests": [ // two\n'),
        ONE.replace(": 1", ": 1.0").replace('"e": 0', '"e": 0e1'),
        f"a stray fence\n```\n{ONE}",
        f"```python\nprint([])\n```\nthen {ONE}",
        f"\ufeff{ONE}",
    ],
)
def test_tests_are_found_wherever_they_stand(text: str) -> None:
    found = parse(text)
    assert [test.tracks["in"][0]["row"][0]["m"] for test in found.tests] == [1, 2], found
    assert found.errors == ()
    assert found.dropped == {}


def test_a_bare_list_of_steps_is_a_test_of_the_only_source() -> None:
    found = parse(json.dumps([ROW, {"idle": 3}]))
    assert [test.tracks for test in found.tests] == [{"in": (ROW, {"idle": 3})}]


def test_fenced_json_is_read_instead_of_what_prose_quotes() -> None:
    found = parse(f"Not {json.dumps(test_of(5))} but\n```json\n{ONE}\n```")
    assert len(found.tests) == 2


json_tests = st.lists(st.integers(-128, 127), min_size=1, max_size=5, unique=True)
prose = st.text(alphabet=st.characters(exclude_characters='{}[]"`~<'), max_size=80)


@given(json_tests, prose, prose, st.sampled_from(["{}", "```json\n{}\n```", "x\n```\n{}\n```\n"]), st.booleans())
def test_prose_around_a_reply_changes_nothing(
    values: list[int], before: str, after: str, frame: str, spaced: bool
) -> None:
    text = json.dumps({"tests": [test_of(value) for value in values]}, indent=2 if spaced else None)
    found = parse(f"{before}\n{frame.replace('{}', text)}\n{after}")
    assert found.tests == tuple(parse_test(test_of(value), DESIGN) for value in values)
    assert found.dropped == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=4) | st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.booleans())
def test_strict_json_is_read_as_json_does(value: Any, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain)
    reading = read_value(text, 0, len(text))
    assert (reading.value, reading.end, reading.error) == (value, len(text), "")


# Saying what was dropped -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dropped", "said"),
    [
        ("", {"empty": 1}, "the reply was empty"),
        (" \n", {"empty": 1}, "the reply was empty"),
        ("I am sorry.", {"empty": 1}, "no test in the reply"),
        ("<think>so {", {"empty": 1}, "no test in the reply"),
        ('{"tests": []}', {"empty": 1}, "the list of tests is empty"),
        ('{"test": {}}', {"shape": 1}, 'found an object with "test"'),
        ('{"tests": {}}', {"shape": 1}, 'expected {"tests": [...]}'),
        ('{"tests": [5]}', {"invalid": 1}, "tests[0]: expected an object"),
        ('{"tests": [null, "x"]}', {"invalid": 2}, "tests[1]: expected an object"),
        ('{"tests": [{"tracks": {"inn": [{"idle": 1}]}}]}', {"invalid": 1}, "did you mean in"),
        (
            '{"tests": [{"tracks": {"in": [{"idle": NaN}]}}]}',
            {"invalid": 1},
            "tracks.in[0].idle: 'NaN' is no JSON value",
        ),
        ('{"tests": [{"tracks": {"in": [{"idle": -Infinity}]}}]}', {"invalid": 1}, "'-Infinity' is no JSON value"),
        ('{"tests": [{"tracks": {"in": [{"idle": 0x10}]}}]}', {"invalid": 1}, "write a decimal integer"),
        ('{"tests": [{"tracks": {"in": [{"idle": 1e400}]}}]}', {"invalid": 1}, "1e400 is too large"),
        ('{"tests": [{"tracks": {"in": [{"idle": %s}]}}]}' % ("9" * 5_000), {"invalid": 1}, "too large"),
        ('{"tests": [{"tracks": {"in": [{"idle": 1, "idle": 2}]}}]}', {"invalid": 1}, "idle: this key is given twice"),
        ('{"tests": [{"tracks": {"in": [{"idle": 1, ...}]}}]}', {"syntax": 1}, "line 1 of the reply: unexpected '.'"),
        ('{"tests": [{"tracks": {"in": [{"repeat": 1000000000, "steps": [{"idle": 1}]}]}}]}', {"invalid": 1}, "1000"),
        ('{"tests": [{"seed": -1}]}', {"invalid": 1}, "seed: expected an integer"),
        ('{"tests": [{"name": "a\\nb", "tracks": {"in": 5}}]}', {"invalid": 1}, 'tests[0] "a\\nb": tracks.in'),
        (f'{{"tests": [{json.dumps(test_of(1))}], "files": ["/etc/passwd"]}}', {"key": 1}, 'the key "files"'),
        (
            f'{{"tests": [{json.dumps(test_of(1))}, {json.dumps(test_of(1))}]}}',
            {"duplicate": 1},
            "the same stimulus as tests[0]",
        ),
        ("[" * 41, {"syntax": 1}, "nested deeper than 40"),
    ],
)
def test_what_is_dropped_is_counted_and_told(text: str, dropped: dict[str, int], said: str) -> None:
    found = parse(text)
    assert found.dropped == dropped
    assert said in "\n".join(found.errors), found.errors
    assert all("\n" not in line and len(line) < 700 for line in found.errors)


def test_an_error_quotes_the_step_that_it_is_about() -> None:
    (line,) = parse(
        json.dumps({"tests": [{"name": "x", "tracks": {"in": [ROW, {"row": [{"m": 1, "e": 99}]}]}}]})
    ).errors
    assert line == 'tests[0] "x": tracks.in[1].row[0].e[0]: 99 is outside -8..7; you wrote {"row":[{"m":1,"e":99}]}'


def test_a_reply_that_was_cut_off_keeps_its_complete_tests() -> None:
    text = json.dumps({"tests": [test_of(value) for value in range(5)]})
    found = parse(f"Plan.\n```json\n{text[: text.rindex('tracks') + 20]}", "length")
    assert len(found.tests) == 4
    assert found.dropped == {"truncated": 1, "syntax": 1}
    assert "limit of output tokens" in found.errors[0]
    assert "without its closing quote" in found.errors[1]


def test_a_broken_test_does_not_take_the_next_ones_along() -> None:
    tests = [json.dumps(test_of(value)) for value in range(4)]
    tests[1] = tests[1].replace(": 0", " 0")
    found = parse('{"tests": [' + ",".join(tests) + "]}")
    assert [test.tracks["in"][0]["row"][0]["m"] for test in found.tests] == [0, 2, 3]
    assert found.dropped == {"syntax": 1}


@given(st.lists(st.sampled_from(["good", "same", "range", "shape", "nan"]), min_size=1, max_size=90))
def test_every_test_is_kept_or_counted(kinds: list[str]) -> None:
    made: dict[str, Any] = {"same": test_of(100), "range": test_of(1_000), "shape": "?", "nan": test_of(float("nan"))}  # type: ignore[arg-type]
    tests = [test_of(place, seed=place) if kind == "good" else made[kind] for place, kind in enumerate(kinds)]
    found = parse(json.dumps({"tests": tests}))
    assert len(found.tests) + sum(found.dropped.values()) == len(kinds)
    assert len(found.tests) <= MAX_TESTS
    assert len(found.errors) == min(sum(found.dropped.values()), MAX_LINES + 1)
    read = kinds[:MAX_TESTS]
    assert len(found.tests) == read.count("good") + ("same" in read)
    assert found.dropped.get("surplus", 0) == max(0, len(kinds) - MAX_TESTS)


# Bounds ------------------------------------------------------------------------------------------------------

HOSTILE = (
    "{", "[", "```", "```\n", '{"', '{"a":', "[1,", '"', "\\", '{"\\', "//", "{//", '{"a":{', "[[ [a ", "{}",
    "[{}]", '{"tests":[', "```json\n{}\n```\n", "<think>", "</think>", '{"a":1,"a":', "-", "[NaN,",
    '[{"a":NaN}]', "{\n", "~~~\n{", "[{},", "[1e9,", '{"tests":[{}]}', '{"tracks":{}}',
    '{"tests":[{"tracks":{"in":[{"random":{"count":1,"m":"1+1"}}]}},', "\ud800", "\x00",
)  # fmt: skip


MOST_SECONDS = 5.0
"""Processor time that a reply may cost at most. The worst of these texts takes 0.4 s on an idle machine."""


@pytest.mark.parametrize("piece", HOSTILE)
def test_nothing_that_fits_the_bound_keeps_the_reader_busy(piece: str) -> None:
    whole = (piece * (MAX_CHARACTERS // len(piece) + 1))[:MAX_CHARACTERS]
    found, spent = timed(whole)
    assert spent < MOST_SECONDS
    assert found.dropped
    assert len(found.errors) <= MAX_LINES + 1


def timed(text: str) -> tuple[ParsedReply, float]:
    """What is read from `text`, and the processor time of that, seconds."""
    started = time.process_time()
    found = parse(text)
    return found, time.process_time() - started


def test_a_reply_is_cut_at_its_bound_and_the_rest_counted() -> None:
    found = parse(f"```json\n{ONE}\n```\n" + "x" * MAX_CHARACTERS)
    assert len(found.tests) == 2
    assert found.dropped == {"oversize": len(ONE) + 13}


def nested(step: dict[str, Any], loop: dict[str, Any], depth: int) -> dict[str, Any]:
    for _ in range(depth):
        step = {**loop, "steps": [step]}
    return {"tracks": {"in": [step]}}


@pytest.mark.parametrize("loop", [{"repeat": 1_000}, {"repeat": 10**9}, {"for": {"i": [0, 60_000], "j": [0, 60_000]}}])
@pytest.mark.parametrize("step", [{"random": {"count": 0}}, ROW, {"idle": 1}])
def test_no_nest_of_loops_runs_away(loop: dict[str, Any], step: dict[str, Any]) -> None:
    started = time.process_time()
    found = parse(json.dumps({"tests": [nested(step, loop, depth) for depth in range(2, 9)]}))
    assert time.process_time() - started < 1.0
    assert found.dropped == {"invalid": 7}


def test_all_tests_of_a_reply_share_a_bound() -> None:
    design = DESIGN.model_copy(update={"limits": DESIGN.limits.model_copy(update={"max_items": MAX_ITEMS})})
    tests = [{"seed": n, "tracks": {"cfg": [{"random": {"count": MAX_ITEMS // 3}}]}} for n in range(4)]
    found = parse_reply(json.dumps({"tests": tests}), design, SCHEMA)
    assert len(found.tests) == 3
    assert "what is left of the items of one reply" in found.errors[0]


# Strangers' text -----------------------------------------------------------------------------------------------


def test_lone_surrogates_and_replacement_characters_are_only_text() -> None:
    text = '{"tests": [{"name": "\\ud800 \ufffd \udc80 \\ud83d\\ude00", "tracks": {"in": [{"idle": 2}]}}]}'
    (test,) = parse(text).tests
    assert test.name == "\ufffd \ufffd \ufffd \U0001f600"
    test.model_dump_json().encode()
    assert clean("a\ud83d") == "a\ufffd"


def test_a_reply_that_asks_for_files_or_commands_is_just_text() -> None:
    text = 'Run `cat /etc/passwd`. {"tool": "bash", "arguments": {"command": "id"}} $(id) {{ 7*7 }} !include x'
    found = parse(text)
    assert found.tests == ()
    assert found.dropped == {"shape": 1}


AUDIT = r"""
import sys
from small_design import small_design, small_schema
from dv_agent.agents.llm.reply_parser import parse_reply
replies = {replies!r}
design, schema = small_design(), small_schema()
allowed = {{"object.__getattr__", "sys._getframe", "time.sleep", "object.__setattr__"}}
seen, what = [], []
def watch(event, arguments):
    if watching and event not in allowed:
        seen.append(event)
        what.append((event, str(arguments)[:80]))
watching = False
sys.addaudithook(watch)
parse_reply(replies[0], design, schema)  # pydantic builds its validators when they are first needed
watching = True
results = [parse_reply(text, design, schema) for text in replies]
watching = False
kept = sum(len(one.tests) for one in results)
watching = True
try:
    open("/dev/null").close()
    eval("1")
    import colorsys
finally:
    watching = False
print(kept, seen, what[:3])
"""


def test_parsing_opens_imports_and_executes_nothing() -> None:
    bad = [
        "{\"tests\": [\"__import__('os').system('id')\"]}",
        "!!python/object:os.system",
        '{"$ref": "file:///etc/passwd"}',
    ]
    hostile = [piece * 500 for piece in HOSTILE if piece != "\ud800"]
    loops = [
        json.dumps({"tests": [nested(ROW, {"for": {"__class__": [0, 1]}}, 2)]}),
        json.dumps([{"idle": "__import__"}]),
    ]
    code = AUDIT.format(replies=[ONE, *bad, *hostile, *loops])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # Everything that was seen is what the control did on purpose, after parsing.
    kept, events = done.stdout.split(" ", 1)
    assert int(kept) >= 3
    assert events.startswith("['open'"), events
    assert "'exec'" in events
    assert "'import'" in events


def test_tests_behind_a_block_without_any_are_found() -> None:
    draft = '```json\n{"note": "a plan"}\n```\n'
    assert parse(f"{draft}Then: {ONE}").tests == parse(ONE).tests
    assert parse(f"{draft}so").errors == ('expected {"tests": [...]}, found an object with "note"',)
    assert len(parse(f"```json\n{ONE}\n```\nnot as in {json.dumps({'tests': [test_of(9)]})}").tests) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE.replace("}, {", "} {"), 'line 1 of the reply: expected "," or "]", found \'{\''),
        (ONE[:-2], "line 1 of the reply: it ends too early"),
        (ONE[:-1] + ")", "line 1 of the reply: unexpected ')'"),
        ('{"tests": null}', 'expected {"tests": [...]}, found "tests": null'),
        ('{"tests": [{}], "tests": []}', 'expected {"tests": [...]}, found "tests": this key is given twice'),
    ],
)
def test_an_error_says_that_a_test_was_lost_only_where_one_was(text: str, told: str) -> None:
    assert parse(text).errors == (told,)
