"""What makes two calls identical for the cache: everything that decides about a reply, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dv_agent.agents.models.chat_model import Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.models.reply_cache import CachingModel

HELLO = (Message(role="user", content="hello"),)
SETTINGS = ModelSettings(model="openai:any", base_url="http://127.0.0.1:1/v1")
TOOL = ToolSpec(name="look", description="looks", parameters={"type": "object"})
OUTPUT = OutputSchema(name="tests", body={"type": "object"})


class Counting:
    """Answers with the number of the call."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings, self.asked = settings, 0

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        self.asked += 1
        return Reply(text=f"{self.settings.model} {self.asked}", tool_calls=(), native="kept")


def ask(path: Path, trial: int = 0, call: dict[str, Any] | None = None, **settings: Any) -> tuple[Reply, int]:
    model = Counting(SETTINGS.model_copy(update=settings))
    return CachingModel(model, path, trial).ask(**{"messages": HELLO, **(call or {})}), model.asked


@pytest.mark.parametrize(
    "other",
    [
        {"model": "openai:other"}, {"base_url": "http://127.0.0.1:2/v1"}, {"temperature": 0.0}, {"max_tokens": 16},
        {"reasoning_effort": "low"}, {"llm_seed": 0}, {"trial": 1},
        {"call": {"messages": (Message(role="user", content="hello!"),)}},
        {"call": {"messages": (Message(role="system", content="hello"),)}},
        {"call": {"tools": (TOOL,)}}, {"call": {"output": OUTPUT}},
        {"call": {"output": OutputSchema(name="tests", body={"type": "object", "properties": {}})}},
    ],
)  # fmt: skip
def test_another_model_setting_seed_trial_prompt_or_form_is_another_call(tmp_path: Path, other: dict[str, Any]) -> None:
    path = tmp_path / "cache.sqlite"
    first, asked = ask(path)
    assert (first.cached, asked) == (False, 1)
    assert ask(path, **other) == (Reply(text=f"{other.get('model', 'openai:any')} 1", native="kept"), 1)
    again, asked = ask(path, **other)
    assert (again.cached, asked) == (True, 0)
    again, asked = ask(path)
    assert (again, asked) == (first.model_copy(update={"cached": True}), 0)


@pytest.mark.parametrize(
    "other", [{"timeout": 3.0}, {"retry_seconds": 0.0}, {"requests_per_minute": 5.0}, {"context_tokens": 9_000}]
)
def test_how_patiently_a_model_is_asked_makes_no_difference(tmp_path: Path, other: dict[str, Any]) -> None:
    ask(tmp_path / "cache.sqlite")
    assert ask(tmp_path / "cache.sqlite", **other)[1] == 0


def test_five_trials_stay_five_samples(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    assert [ask(path, trial)[1] for trial in (0, 1, 2, 3, 4, 0, 1, 2, 3, 4)] == [1] * 5 + [0] * 5
