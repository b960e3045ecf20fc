"""Opening sessions on a shared testbench, and replies for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.session.drafts.changes import self_contained
from dv_agent.agents.session.log import SessionLog, is_session, write_header
from dv_agent.agents.session.model_call import ScriptedCaller
from dv_agent.agents.session.nodes import Draft, SessionHeader
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.agents.testbench import Testbench
from dv_agent.prompts.strategy import find_strategy


def reply(*tests: dict[str, Any]) -> str:
    return f"- aim at what is open\n```json\n{json.dumps({'tests': tests})}\n```"


def rows(*mantissas: int, exponent: int = 0, stall: int = 0) -> dict[str, Any]:
    """A small test: a row of one beat for each mantissa."""
    steps = [{"row": [{"m": m, "e": exponent}]} for m in mantissas]
    tracks: dict[str, Any] = {"in": steps}
    if stall:
        tracks["out"] = [{"stall": stall}]
    return {"name": f"rows of {mantissas}", "tracks": tracks}


WIDE = reply({"name": "wide", "seed": 1, "tracks": {"in": [{"random": {"count": 40}}], "out": [{"stall": 30}]}})
LENGTHS = reply(
    {
        "name": "lengths",
        "tracks": {"in": [{"for": {"i": [0, 7]}, "steps": [{"row": [{"m": 9, "e": 0, "times": "8 - i"}]}]}]},
    }
)
FAULTY = reply({"name": "typo", "tracks": {"in": [{"row": [{"m": 1, "exp": 0}]}]}})
NOTHING = "I cannot help with that."


class Opened:
    """Opens one folder again and again."""

    def __init__(self, folder: Path, bench: Testbench, stack: ExitStack) -> None:
        self.folder, self.bench, self.stack = folder, bench, stack
        self.caller = ScriptedCaller([WIDE])

    def __call__(
        self, replies: Sequence[Any] = (WIDE, LENGTHS), strategy: str = "default", budget: Budget | None = None
    ) -> PromptSession:
        """A session with these replies; one that is in the folder already goes on."""
        if not is_session(self.folder):
            self.folder.mkdir()
            draft = Draft(
                strategy=self_contained(find_strategy(strategy)), model=ModelSettings(model="scripted:replies")
            )
            header = SessionHeader(
                id="s", started="now", design="mxint_softmax", task_version=1, seed=3, draft=draft,
                budget=budget or Budget(), simulator="icarus", hashes={}, versions={},
            )  # fmt: skip
            write_header(self.folder, header)
        self.caller = ScriptedCaller(replies)
        log = SessionLog(self.folder)
        self.stack.callback(log.close)
        return PromptSession(log, self.bench, self.caller)
