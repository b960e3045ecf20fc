"""Models behind loopback servers, in an environment without keys, proxies or tracing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from loopback import Behaviour, LoopbackServer
from model_asking import Asking, Serve

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().endswith(("_API_KEY", "_PROXY", "_BASE_URL")) or name.startswith(("LANGSMITH", "LANGCHAIN")):
            monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with these behaviours, and a model that asks it with short waits."""
    with ExitStack() as stack:

        def start(replies: Sequence[Behaviour], **settings: Any) -> Asking:
            server = stack.enter_context(LoopbackServer(replies))
            given = {"model": "any-model", "base_url": server.url, "retry_seconds": 5.0, "timeout": 5.0, **settings}
            waits: list[tuple[str, float]] = []
            model = LangChainModel(
                ModelSettings(**given),
                on_wait=lambda message, seconds: waits.append((message, seconds)),
                first_wait=0.01,
            )
            return Asking(model, server, waits)

        yield start
