"""The tools of a session besides those of its run: which designs there are, the beginning, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.agents.models.chat_model import ToolSpec
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.errors import UsageError
from dv_agent.mcp.options import ServerOptions

LIST, START, STATUS, COMPARE, MUTANTS = (
    "list_designs", "start_run", "run_status", "compare_with_golden", "list_unnoticed_changes"
)  # fmt: skip
READING = frozenset(
    {
        LIST, STATUS, COMPARE, MUTANTS, "read_specification", "read_rtl", "trace_signal", "list_holes", "explain_hole",
        "show_waveform", "find_cycles", "explain_failure", "search_rtl",
    }
)  # fmt: skip
"""Tools that change nothing."""


def session_specs(options: ServerOptions) -> tuple[ToolSpec, ...]:
    """Return the tools that no run answers; calling them costs nothing of its budget."""
    design = {"type": "string", "maxLength": 80, "description": "name, as list_designs gives it"}
    needed = [] if options.only_design or options.request.resume else ["design"]
    found = [
        _spec(LIST, "The designs that can be verified here, one a line."),
        _spec(
            START,
            "Begin the run of this session, before any other tool: what counts, the design, how tests are written, the "
            "budget. One session is one run; every call of a tool of the run counts as one reply of its budget.",
            {"design": design},
            needed,
        ),
        _spec(STATUS, "Where the run stands, and once more what the last run_tests answered. Costs nothing."),
    ]
    if options.golden:
        test = {"type": "integer", "minimum": 0, "description": "number of the test in this run"}
        found.append(
            _spec(COMPARE, "Play a test of this run on the golden design too: where do they differ? Costs nothing.",
                  {"test": test}, ["test"])
        )  # fmt: skip
    if options.mutants:
        found.append(_spec(MUTANTS, "Small changes of the RTL that the tests so far would not notice. Costs nothing."))
    return tuple(found)


def all_specs(options: ServerOptions) -> tuple[ToolSpec, ...]:
    """Return all tools that a client is offered: those of the session, and those of `--agent tools`."""
    return (*session_specs(options), *tool_specs(options.track))


def check_keys(spec: ToolSpec, arguments: Mapping[str, Any]) -> None:
    """Check that a call has no argument that the tool does not take: it would be passed over without a word.

    Raises:
        UsageError: it has one.
    """
    known = [*spec.parameters["properties"]]
    unknown = next((key for key in arguments if key not in known), None)
    if unknown is not None:
        takes = f"takes only `{'`, `'.join(known)}`" if known else "takes no arguments"
        raise UsageError(f"{unknown[:40]}: {spec.name} {takes}")


def _spec(name: str, words: str, properties: dict[str, Any] | None = None, needed: list[str] | None = None) -> ToolSpec:
    shape = {"type": "object", "properties": properties or {}, "required": needed or [], "additionalProperties": False}
    return ToolSpec(name=name, description=words, parameters=shape)
