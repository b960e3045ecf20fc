"""The test language as a JSON schema: wide enough for every test of every design, and a frame that fits the parser."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schema_draws import Draws
from shipped_designs import own_names
from small_design import small_design, small_schema

from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.json_schema import language_definitions
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.stimulus import StimulusError, parse_test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.dut.examples import examples
from dv_agent.prompts.reply_schema import reply_schema
from dv_agent.prompts.strategy import find_strategy

SMALL = "small"
MOST = 60  # witnesses of a design


@cache
def language(name: str) -> tuple[Any, Any]:
    if name == SMALL:
        return small_design(), small_schema()
    folder = find_design(name)
    return folder.design, folder.schema


@cache
def whole(name: str, literal: bool = False) -> dict[str, Any]:
    definitions = language_definitions(*language(name), literal)
    return {"$ref": "#/$defs/test", "$defs": definitions}


@cache
def validator(name: str, literal: bool) -> Draft202012Validator:
    return Draft202012Validator(whole(name, literal))


def faults(name: str, data: Any, literal: bool = False) -> list[str]:
    return [one.message for one in validator(name, literal).iter_errors(data)]


@pytest.mark.parametrize("name", [*own_names(), "kv_pack_hard"])  # variants have the language of their design
def test_witnesses_and_every_example_of_a_design_are_of_its_schema(name: str) -> None:
    folder = find_design(name)
    Draft202012Validator.check_schema(whole(name))
    witnesses = load_witnesses(folder)
    chosen = witnesses[:: len(witnesses) // MOST + 1]  # its proof parses all of them
    tests = [one.model_copy(update={"note": ""}) for one in chosen]
    for test in tests:
        assert faults(name, test.data()) == []
    for one in examples(folder.design, folder.schema):
        assert faults(name, one.data) == []
    for test in tests[:3]:
        plain = literal_test(folder.design, folder.schema, expand(folder.design, folder.schema, test))
        assert faults(name, plain.data(), literal=True) == []


@pytest.mark.parametrize("name", [SMALL, *own_names()])
@settings(max_examples=25)
@given(seed=st.integers(0, 1 << 30))
def test_what_is_drawn_from_the_schema_has_the_frame_of_the_language(name: str, seed: int) -> None:
    data = Draws(whole(name), seed).value()
    assert faults(name, data) == []
    design, schema = language(name)
    try:
        expand(design, schema, parse_test(data, design))
    except StimulusError as error:
        assert "unknown key" not in error.reason
        assert "is missing" not in error.reason
        assert "one thing" not in error.reason


@pytest.mark.parametrize("name", [SMALL, *own_names()])
def test_most_of_what_a_model_held_to_the_literal_schema_writes_at_random_runs(name: str) -> None:
    design, schema = language(name)
    ran = 0
    for seed in range(60):
        test = Draws(whole(name, literal=True), seed).value()
        ran += len(parse_reply(json.dumps({"tests": [test]}), design, schema, literal=True).tests)
    assert ran > 40


SPOILT: list[tuple[dict[str, Any], str]] = [
    ({"tracks": {"input": [{"idle": 3}]}}, "'input' was unexpected"),
    ({"tracks": {"in": [{"row": [{"m": 5, "e": 0, "exp": 1}]}]}}, "not valid"),
    ({"tracks": {"in": [{"row": [{"m": 5}]}]}}, "not valid"),
    ({"tracks": {"in": [{"row": [{"m": 200, "e": 0}]}]}}, "not valid"),
    ({"tracks": {"in": [{"row": [{"m": [1, 2, 3], "e": 0}]}]}}, "not valid"),
    ({"tracks": {"in": [{"row": [{"m": 1, "e": 0}] * 9}]}}, "not valid"),
    ({"tracks": {"out": [{"ready": 1, "stall": 2}]}}, "not valid"),
    ({"tracks": {"out": [{"after": {"port": "clk", "accepted": 1}}]}}, "not valid"),
    ({"tracks": {"in": [{"random": {"count": 5, "weight": 1}}]}}, "not valid"),
    ({"tracks": {"in": [{"random": {"profile": "nowhere"}}]}}, "not valid"),
    ({"tests": []}, "required property"),
]


@pytest.mark.parametrize(("data", "message"), SPOILT)
def test_what_breaks_the_frame_is_refused_by_schema_and_parser_alike(data: dict[str, Any], message: str) -> None:
    assert any(message in fault for fault in faults("mxint_softmax", data))
    design, schema = language("mxint_softmax")
    if "tracks" in data:
        with pytest.raises(StimulusError):
            expand(design, schema, parse_test(data, design))


def test_the_literal_schema_knows_no_loops_and_no_expressions() -> None:
    loop = {"tracks": {"in": [{"repeat": 2, "steps": [{"idle": 1}]}]}}
    sweep = {"tracks": {"in": [{"for": {"i": [0, 3]}, "steps": [{"row": [{"m": "i", "e": 0}]}]}]}}
    for data in (loop, sweep, {"tracks": {"in": [{"row": [{"m": "3", "e": 0}]}]}}):
        assert faults("mxint_softmax", data) == []
        assert faults("mxint_softmax", data, literal=True) != []


def test_the_schema_of_a_reply_puts_the_plan_first_where_there_is_one() -> None:
    design, schema = language("mxint_softmax")
    strategy = find_strategy("structured")
    for reasoning, keys in ((True, ["plan", "tests"]), (False, ["tests"])):
        made = reply_schema(design, schema, strategy.model_copy(update={"reasoning": reasoning}))
        assert (list(made["properties"]), made["required"]) == (keys, keys)
        assert Draft202012Validator(made).is_valid({**dict.fromkeys(keys, "x"), "tests": [{"tracks": {}}]})
        assert not Draft202012Validator(made).is_valid({**dict.fromkeys(keys, "x"), "tests": []})
