"""10,000 replies that were damaged on purpose: no crash, no runaway, nothing lost without a word."""

import json
import random
import time

from small_design import small_design, small_schema

from dv_agent.agents.llm.reply_parser import MAX_LINES, MAX_TESTS, parse_reply
from dv_agent.designs.language.expansion import expand
from dv_agent.prompts.dut.examples import examples

DESIGN, SCHEMA = small_design(), small_schema()
REPLIES = 10_000
TESTS = [one.data for one in examples(DESIGN, SCHEMA)]
TESTS += [
    {"name": "memory", "tracks": {"ld": [{"serve": 3, "latency": 2}]}, "memory": {"ld": [1, -2, 3]}},
    {"tracks": {"cfg": [{"write": {"a": 1}, "gap": 2}, {"idle": 3}], "out": [{"ready": 3}]}, "note": "n", "seed": 9},
]
PIECES = (
    "{", "}", "[", "]", '"', ",", ":", "\\", "```", "\n", "null", "true", "NaN", "-Infinity", "1e999", "0x1F",
    "-1", "1000000000", "9" * 40, "1.5", '""', '"i"', '"2*i"', '"i//0"', '"1<<99"', "[]", "{}", "[0,7]",
    '{"set":[]}', '{"weights":[[0,0]]}', '{"set":[[1]]}', '"\\ud800"', "\ud800", "\ufffd", "\x00", "...",
    "// x\n", "<think>", "</think>", '"steps"', '"tracks"', '"random"', '"repeat"', '"for"', '"profile"',
    '"after"', '{"repeat":4000,"steps":[{"random":{"count":0}}]}',
)  # fmt: skip


def damaged(source: random.Random) -> str:
    tests = source.sample(TESTS, source.randint(1, 3))
    text = json.dumps({"tests": tests} if source.random() < 0.7 else tests[0] if source.random() < 0.5 else tests)
    text = f"Plan.\n```json\n{text}\n```\n" if source.random() < 0.5 else text
    for _ in range(source.randint(1, 4)):
        text = mutated(text, source)
    return text


def mutated(text: str, source: random.Random) -> str:
    place = source.randrange(len(text) + 1)
    size = source.choice((1, 1, 2, 5, 40))
    kind = source.randrange(5)
    if kind == 0:
        return text[:place] + text[place + size :]
    if kind == 1:
        return text[:place] + source.choice(PIECES) + text[place:]
    if kind == 2:
        return text[:place] + text[max(0, place - size) : place] * source.randint(2, 9) + text[place:]
    if kind == 3:  # a value for another value
        ends = [index for index, sign in enumerate(text) if sign in ",:[]{}"] or [0]
        start = source.randrange(len(ends))
        stop = min(start + source.randint(1, 3), len(ends) - 1)
        return text[: ends[start] + 1] + source.choice(PIECES) + text[ends[stop] :]
    return text[:place] + chr(source.choice((0, 9, 10, 34, 39, 92, 127, 0xD800, 0x202E, 0x1F600))) + text[place + 1 :]


def test_10000_damaged_replies() -> None:
    source = random.Random("replies")
    slowest, kept, misread = 0.0, 0, []
    started = time.process_time()
    for number in range(REPLIES):
        text = damaged(source)
        begun = time.process_time()
        found = parse_reply(text, DESIGN, SCHEMA, source.choice(("stop", "length", "")))
        slowest = max(slowest, time.process_time() - begun)
        assert len(found.tests) <= MAX_TESTS
        assert found.tests or found.errors, text
        assert bool(found.errors) == bool(found.dropped), text
        assert len(found.errors) <= MAX_LINES + 1
        assert all(count > 0 for count in found.dropped.values())
        "".join((*found.errors, *(test.text() for test in found.tests))).encode()
        misread += [line for line in found.errors if "not understood" in line]
        kept += len(found.tests)
        if number % 20 == 0:
            for test in found.tests:
                expand(DESIGN, SCHEMA, test)
    assert slowest < 1.0
    assert time.process_time() - started < 20
    assert kept > REPLIES / 5
    assert len(misread) < REPLIES / 100, misread[:5]
