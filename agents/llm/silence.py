"""The explanations, as text for people, why a reply has no test and why a run checked nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dv_agent.agents.llm.thinking import has_thinking, spoken
from dv_agent.agents.models.chat_model import Reply
from dv_agent.agents.models.redaction import excerpt

if TYPE_CHECKING:
    from dv_agent.agents.state import RunState

QUOTED = 160
_CALLS_AS_TEXT = re.compile(
    r"<tool_calls?>|<function(?:_calls?)?[=>]|<invoke\b|\[tool_calls\]|<\|python_tag\|>|<\|tool_calls?_begin|functions\."
    r"[a-z_]+:?\d*|to=functions|\"(?:name|tool|function)\"\s*:\s*\"(?:run_tests|list_holes|read_rtl|finish)\"|"
    r"<\uff5ctool",
    re.IGNORECASE,
)
_ENDED = {
    "length": "the reply ran into the limit of output tokens before its first test (finish_reason length): "
    "raise --max-tokens, or leave it out",
    "content_filter": "a filter of the vendor kept the reply back (finish_reason content_filter)",
    "error": "the server ended the reply with an error (finish_reason error)",
}


def why_silent(reply: Reply, errors: Sequence[str] = ()) -> str:  # noqa: PLR0911  # a table
    """Return why `reply` has no test; `errors` are the errors of its parser."""
    said = spoken(reply.text)
    if reply.broken:
        return f"the server would not hand out what the model wrote: {excerpt(reply.broken, QUOTED)}"
    if reply.refused or reply.finish_reason == "refusal":
        return f"the model refused to answer{': ' if said else ''}{excerpt(said, QUOTED)}"
    thought = has_thinking(reply.text) and not said
    if reply.finish_reason in _ENDED:
        also = "; all of it was thinking" if thought and reply.finish_reason == "length" else ""
        return f"{_ENDED[reply.finish_reason]}{also}"
    if thought:
        return "the reply held thinking only, and no answer behind it"
    if not said and not reply.tool_calls:
        return "the reply was empty"
    if _CALLS_AS_TEXT.search(said):
        return "the model wrote calls of tools as text, which nobody made"
    return excerpt(errors[0], 2 * QUOTED) if errors else "there was no test in the reply"


def nothing_checked(state: RunState, reason: str) -> str:
    """Return why no test of a run was simulated; empty if a test was simulated.

    Args:
        reason: why the run ended.
    """
    if state.spent.cycles or state.failures:
        return ""
    if reason == "interrupted" or reason.startswith("error"):
        return f"the run ended before its first test ({reason})"
    if state.silence:
        return state.silence
    if reason.startswith("budget:"):
        return f"the budget of {reason.removeprefix('budget:')} does not hold a first test"
    return {"target": "the target was met before the first test"}.get(reason, "no test was proposed")
