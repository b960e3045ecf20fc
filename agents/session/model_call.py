"""Model calls of a session: any model, selected by its settings; the user can cancel while waiting for the reply."""

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
    """Calls the model that the settings name."""

    def ask(
        self, settings: ModelSettings, messages: Sequence[Message], output: OutputSchema | None, trial: int, say: Say,
        stop: Stop,
    ) -> Reply:  # fmt: skip
        """Return one reply, with retries.

        Args:
            output: schema of a structured reply, or None.
            trial: index of the sample of an identical call, used as part of the cache key.
            say: called with messages on waiting times.
            stop: checked while waiting between attempts, so that no attempt is paid for after the user has cancelled.

        Raises:
            ModelFailure, PrerequisiteError, UsageError: as `dv_agent.agents.models.chat_model.ChatModel`.
            Cancelled: `stop` returned True.
        """
        ...

    def price(self, settings: ModelSettings, usage: CallUsage) -> float | None:
        """Return the cost of these tokens in US dollars; None if it is not known.

        Raises:
            UsageError: no such provider.
        """
        ...


class LangChainCaller:
    """Calls real models through LangChain.

    Args:
        cache: SQLite file of replies, or None.
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
        """Return one model object for all calls with these settings, so that they share the rate limit."""
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
    """Returns the given replies in order, then repeats the last one, for any settings; used in tests."""

    def __init__(self, replies: Sequence[str | Reply | Callable[[Sequence[Message]], str]]) -> None:
        self._model = ScriptedModel(replies)
        self.settings: list[ModelSettings] = []
        self.trials: list[int] = []

    @property
    def asked(self) -> list[tuple[Message, ...]]:
        """Return the messages of each call."""
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
        """Return None: the price is not known."""
        return None


def call_until_stopped(stop: Stop, call: Callable[[], T]) -> T:
    """Return or raise what `call` does; if `stop` becomes true first, leave `call` running in its own thread.

    Raises:
        Cancelled: `stop` became true first.
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
