"""The client as a model: its calls of tools are the replies of the agent `tools`, and the results go back to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock
from time import monotonic

from dv_agent.agents.models.chat_model import (
    CallUsage,
    Message,
    ModelSettings,
    OutputSchema,
    Reply,
    ToolCall,
    ToolSpec,
)
from dv_agent.agents.runs.request import LIVE
from dv_agent.agents.tools.langchain_agent import TurnPaused

CONTEXT_TOKENS = 1_000_000
"""The client keeps its own context, so no result is left out of the dialogue that is recorded."""
MOST_WAITING = 64
_MOST_NAME = 60


def client_settings(client: str) -> ModelSettings:
    """Return the settings under which a run of the client `client` is recorded; its name is cut to plain characters."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", client)[:_MOST_NAME].strip("-") or "client"
    return ModelSettings(model=f"{LIVE}{plain}", context_tokens=CONTEXT_TOKENS)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One call of the client, and where its result goes."""

    name: str
    arguments: str
    result: Future[str] = field(default_factory=Future)


class ClientModel:
    """Model whose replies are the calls of a client, one call a reply, in the order in which they came.

    The client's side (`call`, `leave`, `end`) may be used from any thread; `ask` and `hear` belong to the run.

    Args:
        settings: those of the run.
        replies: how many replies the record has already.
    """

    def __init__(self, settings: ModelSettings, replies: int = 0) -> None:
        self.settings = settings
        self.opening: Future[str] = Future()
        self._calls: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._asked = replies
        self._current: tuple[str, _Waiting] | None = None
        self._heard = ""
        self._closing: str | None = None
        self._door = Lock()

    # The client's side -------------------------------------------------------------------------------------

    def call(self, name: str, arguments: str) -> Future[str]:
        """Add a call; its result comes when the run has answered it, or ended."""
        waiting = _Waiting(name, arguments)
        with self._door:
            if self._closing is not None:
                _set(waiting.result, f"ERROR: {self._closing}")
            elif self._calls.qsize() >= MOST_WAITING:
                _set(waiting.result, f"ERROR: {MOST_WAITING} calls wait already; send one after the other")
            else:
                self._calls.put(waiting)
        return waiting.result

    @property
    def replies(self) -> int:
        """How many replies the run has had, the one that is being answered included."""
        return self._asked

    def leave(self) -> None:
        """Tell that the client is gone: no further call will come."""
        self._calls.put(None)

    def end(self, words: str, failed: bool) -> None:
        """Answer every call that still waits, and all later ones, with how the run ended.

        Args:
            failed: whether an error ended it, so that the call that is being answered was in vain.
        """
        with self._door:
            self._closing = words
        _set(self.opening, words)
        if self._current:
            told = "\n\n".join(part for part in (self._heard, words) if part)
            _set(self._current[1].result, f"ERROR: {told}" if failed else told)
        while not self._calls.empty():
            if one := self._calls.get():
                _set(one.result, f"ERROR: {words}")

    # The run's side ----------------------------------------------------------------------------------------

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Give the client the result of its last call, and return its next one; see `ChatModel.ask`.

        Raises:
            TurnPaused: the client is gone.
        """
        new = self._deliver(messages)
        began = monotonic()
        waiting = self._calls.get()
        if waiting is None:
            self._calls.put(None)
            raise TurnPaused
        call = ToolCall(id=f"call_{self._asked}", name=waiting.name, arguments=waiting.arguments)
        self._asked, self._current = self._asked + 1, (call.id, waiting)
        usage = CallUsage(
            input_tokens=sum(one.tokens for one in new),
            output_tokens=Message(role="assistant", content="", tool_calls=(call,)).tokens,
            counted_by="estimate",
            seconds=monotonic() - began,
        )
        model = self.settings.model.removeprefix(LIVE)
        return Reply(text="", model=model, finish_reason="tool_calls", attempts=(usage,), tool_calls=(call,))

    def hear(self, text: str) -> None:
        """Receive what the last call would have been answered; see `LiveModel`."""
        self._heard = text

    def _deliver(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Set the result of the current call, or the opening before the first one; return the new messages."""
        last = max((place for place, one in enumerate(messages) if one.role == "assistant"), default=-1)
        new = messages[last + 1 :]
        if self._current is None:
            told = [one.content for one in messages if one.role in ("system", "user")][:2]
            resumed = ["The run was resumed. The last answer in it was:", messages[-1].content] if last >= 0 else []
            _set(self.opening, "\n\n".join([*told, *resumed]))
            return new
        number, waiting = self._current
        _set(waiting.result, next((one.content for one in new if one.tool_call_id == number), ""))
        self._current = None
        return new


def _set(result: Future[str], text: str) -> None:
    """Set a result, unless whoever waited for it has given up or has it already."""
    with suppress(InvalidStateError):
        result.set_result(text)
