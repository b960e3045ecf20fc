"""The parser of a tool call: from untrusted JSON text to arguments within their bounds."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from dv_agent.agents.llm.json_scanner import JsonFault, read_value
from dv_agent.agents.llm.test_check import find_fault
from dv_agent.agents.models.server.openai_body import NO_OBJECT, TWICE
from dv_agent.agents.toolbox.arguments import Arguments, RunTests
from dv_agent.agents.toolbox.text import ToolError
from dv_agent.designs.language.stimulus import path_text

MAX_ARGUMENTS, MAX_TESTS_TEXT = 20_000, 400_000


def read_arguments(model: type[Arguments], text: str) -> Arguments:
    """Parse arguments from JSON text.

    Raises:
        ToolError: the text is not a JSON object, or an argument is invalid; the message names it.
    """
    text = text.strip().removeprefix(TWICE) or "{}"
    most = MAX_TESTS_TEXT if model is RunTests else MAX_ARGUMENTS
    if len(text) > most:
        raise ToolError(f"the arguments are longer than {most} characters")
    if text.startswith(NO_OBJECT):
        raise ToolError("the arguments of a call are one JSON object, not text or a list")
    if not text.startswith("{"):
        raise ToolError("the arguments are no JSON object")
    reading = read_value(text, 0, len(text))
    if reading.error:
        raise ToolError(f"the arguments are no JSON object: {reading.error[:200]}")
    if fault := find_fault(reading.value if model is not RunTests else _outer_faults(reading.value)):
        raise ToolError(f"{path_text(fault[0])[:100]}: {fault[1][:200]}")
    try:
        return model.model_validate(reading.value)
    except ValidationError as error:
        raise ToolError("; ".join(_complaint(one, model) for one in error.errors()[:4])) from None


def _outer_faults(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without a meaning themselves; a fault inside a test is told with its place in the test."""
    return {name: value for name, value in arguments.items() if isinstance(value, JsonFault)}


def _complaint(error: Any, model: type[Arguments]) -> str:
    where = ".".join(str(part)[:40] for part in error["loc"]) or "arguments"
    known = f"; it takes {', '.join(model.model_fields)}" if error["type"] == "extra_forbidden" else ""
    return f"{where}: {error['msg'][:200]}{known}"
