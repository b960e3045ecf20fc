"""Totals of the tool calls of an agent with tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dv_agent.eval.report.data.run_data import RunData
from dv_agent.eval.report.data.tool_data import ToolTotal

TOOLS = "tools"


def tool_totals(run: RunData) -> tuple[ToolTotal, ...]:
    """Return the totals of every tool that was called, most calls first."""
    calls, refused, characters = Counter[str](), Counter[str](), Counter[str]()
    for use in (use for turn in run.turns for use in turn.uses):
        calls[use.name] += 1
        refused[use.name] += bool(use.error)
        characters[use.name] += use.size
    return tuple(ToolTotal(name, count, refused[name], characters[name]) for name, count in calls.most_common())


def verdict_counts(run: RunData) -> Mapping[str, int]:
    """Return the number of claims by verdict."""
    counts = Counter(one.verdict for one in run.claims)
    return {name: counts[name] for name in ("right", "wrong", "undecided")}


def has_tools(run: RunData) -> bool:
    """Return whether the run has any tool data to show."""
    return run.header.agent == TOOLS or bool(run.claims or run.reports or any(turn.uses for turn in run.turns))
