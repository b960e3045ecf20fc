"""The first messages for an agent with tools, before its first call."""

from __future__ import annotations

from dv_agent.agents.toolbox.read_sources import contents
from dv_agent.agents.toolbox.test_results import budget_text
from dv_agent.agents.toolbox.text import ResultLimits
from dv_agent.prompts.benchmark_track import CLOSURE, Track
from dv_agent.prompts.renderer import render
from dv_agent.prompts.strategy import TEMPLATES
from dv_agent.prompts.text.plain_templates import plain_templates
from dv_agent.prompts.view import View

PARTS = ("tracks", "language", "examples")
"""The parts of the other prompts that explain how tests are written."""

_EVERYTHING = 1 << 30


def system_text(
    reply_tokens: int, calls_per_reply: int, uses_per_turn: int, replies_per_turn: int, limits: ResultLimits,
    track: Track = CLOSURE,
) -> str:  # fmt: skip
    """Return the system message of a track."""
    return (
        plain_templates(TEMPLATES)
        .get_template("tools_system.jinja")
        .render(
            planned=track.plan,
            reply_tokens=reply_tokens,
            calls_per_reply=calls_per_reply,
            uses_per_turn=uses_per_turn,
            replies_per_turn=replies_per_turn,
            reply_characters=limits.reply,
            result_characters=limits.result,
        )
    )


def first_text(view: View, progress: str, reply_tokens: int) -> str:
    """Return the first message: the design, how tests are written, coverage and budget so far."""
    known = {one.name: one.text for one in render(view, _EVERYTHING, reply_tokens).parts}
    return (
        plain_templates(TEMPLATES)
        .get_template("tools_first.jinja")
        .render(
            design=view.design,
            contents=contents(view.specification),
            compared=view.compared,
            rules=view.rules,
            rules_off=view.rules_off,
            planned=view.track.plan,
            parts=[known[name].strip() + "\n" for name in PARTS if name in known],
            progress=progress,
            budget=budget_text(view),
        )
    )
