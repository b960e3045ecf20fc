"""The scripted run that the golden prompts and the search for canaries share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.models.chat_model import Message, ScriptedModel
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.prompts.view import View


def reply(*tests: Any) -> str:
    return "Plan: one test for each style.\n\n```json\n" + json.dumps({"tests": tests}) + "\n```\n"


WIDE = reply(
    {
        "name": "full rate, held output",
        "seed": 1,
        "tracks": {
            "in": [{"random": {"count": 60, "profile": "full_rate"}}],
            "out": [{"random": {"profile": "long_stalls"}}],
        },
    },
    {"name": "paced", "seed": 2, "tracks": {"in": [{"random": {"count": 40, "profile": "paced"}}]}},
    {
        "name": "corners",
        "tracks": {
            "in": [{"for": {"e": [-8, 7], "m": {"values": [-128, 0, 127]}}, "steps": [{"row": [{"m": "m", "e": "e"}]}]}]
        },
    },
)
FAULTY = reply(
    {"name": "too large", "tracks": {"in": [{"row": [{"m": [1, 2], "e": 9}]}]}},
    {"name": "no such track", "tracks": {"input": [{"idle": 3}]}},
    {
        "name": "falling lengths",
        "tracks": {"in": [{"for": {"i": [0, 7]}, "steps": [{"row": [{"m": "9*i", "e": "i - 4", "times": "8 - i"}]}]}]},
    },
)
CLOSING = reply(
    {
        "name": "resets",
        "seed": 3,
        "tracks": {
            "in": [{"random": {"count": 30}}],
            "reset": [{"after": {"port": "in", "accepted": 9}}, {"pulse": 1}, {"idle": 60}, {"pulse": 2}],
        },
    }
)
REPLIES = (WIDE, FAULTY, CLOSING, "I see nothing more.")


def play(
    bench: Testbench, turns: int, replies: Sequence[str] = REPLIES, context_tokens: int = 32_000
) -> tuple[list[tuple[Message, ...]], list[Proposal], list[View]]:
    """What a model was sent, what it came to, and the views, over `turns` turns on the real RTL."""
    model = ScriptedModel(replies, context_tokens)
    agent, budget, state = LlmAgent(model), Budget(), RunState(empty_coverage(bench.plan))
    proposals, views = [], []
    for _ in range(turns):
        views.append(make_view(bench, state, budget))
        proposals.append(agent.propose(views[-1]))
        state, _ = advance(state, proposals[-1], bench, budget)
    views.append(make_view(bench, state, budget))
    return model.asked, proposals, views
