"""JSON schema of the reply under a structured strategy; the template ``contract`` describes the same in words."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.json_schema import json_list, json_object, language_definitions
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.prompts.strategy import Strategy

MAX_TESTS = 64


def reply_schema(design: Design, schema: StimulusSchema, strategy: Strategy) -> dict[str, Any]:
    """Return the schema of an object with the tests, preceded by a plan in words if the strategy asks for reasoning."""
    plan = {"plan": {"type": "string"}} if strategy.reasoning else {}
    tests = json_list({"$ref": "#/$defs/test"}, 1, MAX_TESTS)
    frame = json_object({**plan, "tests": tests}, (*plan, "tests"))
    return {**frame, "$defs": language_definitions(design, schema, strategy.values == "literal")}
