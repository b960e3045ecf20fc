"""Who answers in a session: any model by its settings, while a person may stop waiting."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from dv_agent.agents.models.chat_model import (
    CallUsage,
    ChatModel,
    Message,
    ModelSettings,
    OutputSchema,
    Reply,
    ScriptedModel,
)
from dv_agent.agents.models.deadline import start_in_thread
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.agents.models.reply_cache import CachingModel
from dv_agent.errors import Cancelled

POLL_SECONDS = 0.05
T = TypeVar("T")
Say = Callable[[str], None]
Stop = Callable[[], bool]


class ModelCaller(Protocol):
    """Asks whichever model the settings name."""

    def ask(
        self, settings: ModelSettings, messages: Sequence[Message], output: OutputSchema | None, trial: int, say: Say,
        stop: Stop,
    ) -> Reply:  # fmt: skip
        """One reply, after retries.

        Args:
            output: what the reply is to look like, where that is wanted.
            trial: which sample of the same call this is, for a cache.
            say: told about waits.
            stop: asked in waits between attempts, so that nobody pays for an attempt that nobody waits for.

        Raises:
            ModelFailure, PrerequisiteError, UsageError: as `dv_agent.agents.models.chat_model.ChatModel`.
            Cancelled: `stop` said so.
        """
        ...

    def price(self, settings: ModelSettings, usage: CallUsage) -> float | None:
        """What so many tokens cost, US dollars; None where that is not known.

        Raises:
            UsageError: no such provider.
        """
        ...


class LangChainCaller:
    """Real models.

    Args:
        cache: SQLite file of replies, if there is one.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._models: dict[str, ChatModel] = {}
        self._now = threading.local()

    def ask(
        self, settings: ModelSettings, messages: Sequence[Message], output: OutputSchema | None, trial: int, say: Say,
        stop: Stop,
    ) -> Reply:  # fmt: skip
        """See `ModelCaller`."""
        self._now.say, self._now.stop = say, stop
        model = self._model(settings)
        return (CachingModel(model, self._cache, trial) if self._cache else model).ask(messages, output=output)

    def price(self, settings: ModelSettings, usage: CallUsage) -> float | None:
        """See `ModelCaller`."""
        from dv_agent.agents.models.costs.prices import price  # noqa: PLC0415  # 0.2 s

        return price(usage, endpoint_of(settings))

    def _model(self, settings: ModelSettings) -> ChatModel:
        """One for all calls with these settings, so that they share the spacing of requests."""
        key = settings.model_dump_json()
        if key not in self._models:
            self._models[key] = LangChainModel(settings, self._wait, sleep=self._sleep)
        return self._models[key]

    def _wait(self, message: str, seconds: float) -> None:
        self._now.say(f"{message}; waiting {seconds:.0f} s")

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._now.stop():
                raise Cancelled("the call was given up")
            time.sleep(min(left, POLL_SECONDS))


class ScriptedCaller:
    """Answers what it was given, in order, then the last one again, whatever the settings: for tests."""

    def __init__(self, replies: Sequence[str | Reply | Callable[[Sequence[Message]], str]]) -> None:
        self._model = ScriptedModel(replies)
        self.settings: list[ModelSettings] = []
        self.trials: list[int] = []

    @property
    def asked(self) -> list[tuple[Message, ...]]:
        """The messages of each call."""
        return self._model.asked

    def ask(
        self, settings: ModelSettings, messages: Sequence[Message], output: OutputSchema | None, trial: int, say: Say,
        stop: Stop,
    ) -> Reply:  # fmt: skip
        """See `ModelCaller`."""
        self.settings.append(settings)
        self.trials.append(trial)
        return self._model.ask(messages)

    def price(self, settings: ModelSettings, usage: CallUsage) -> float | None:
        """Nobody knows."""
        return None


def call_until_stopped(stop: Stop, call: Callable[[], T]) -> T:
    """What `call` returned, or raised; it goes on in a thread of its own if `stop` says that nobody waits any more.

    Raises:
        Cancelled: nobody waits any more.
    """
    results = start_in_thread(call, "session call")
    while True:
        try:
            result = results.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if stop():
                raise Cancelled("the call was given up") from None
            continue
        if isinstance(result, BaseException):
            raise result
        return result
