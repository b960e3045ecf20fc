"""Models for agents with tools that return the recorded replies first, and then call a real model or end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from dv_agent.agents.models.chat_model import ChatModel, Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.records.recorded_model import RecordedModel
from dv_agent.agents.records.reply_recorder import RecordingModel
from dv_agent.agents.records.schema import ReplyLine
from dv_agent.agents.records.writer import RunRecord
from dv_agent.errors import UsageError


class RecordedCalls(Protocol):
    """Model that knows which of its replies are already in a record."""

    @property
    def settings(self) -> ModelSettings:
        """The settings for prompts and replies."""
        ...

    def attach(self, record: RunRecord) -> None:
        """Write new replies to `record` from now on."""
        ...

    def holds(self, turn: int) -> bool:
        """Return whether the next reply of `turn` is in the record, so that it is already paid."""
        ...

    def is_past(self, turn: int) -> bool:
        """Return whether `turn` is finished in the record."""
        ...

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`."""
        ...


class ResumedCalls:
    """Model that returns the recorded replies in order, then calls `model` and records its replies.

    Args:
        model: the model that is called; its settings are used from the beginning.
        lines: calls in the record; those that ended without a reply are skipped.
        turns: number of finished turns in the record; they get no more replies.
    """

    def __init__(self, model: ChatModel, lines: Sequence[ReplyLine] = (), turns: int = 0) -> None:
        self._model, self._turns = model, turns
        self._lines = deque(line for line in lines if not line.failure)
        self._recording: RecordingModel | None = None

    @property
    def settings(self) -> ModelSettings:
        """The settings of the wrapped model."""
        return self._model.settings

    def attach(self, record: RunRecord) -> None:
        """Write new replies to `record` from now on."""
        self._recording = RecordingModel(self._model, record)

    def holds(self, turn: int) -> bool:
        """Return whether the next reply of `turn` is in the record, so that it is already paid."""
        return bool(self._lines) and self._lines[0].turn == turn

    def is_past(self, turn: int) -> bool:
        """Return whether `turn` is finished in the record."""
        return turn < self._turns

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`.

        Raises:
            UsageError: no recorded reply is left, and no record is attached for new replies.
        """
        if self._lines:
            return self._lines.popleft().reply
        if self._recording is None:
            raise UsageError("the record holds no further reply of the model; the run cannot be resumed, only rescored")
        return self._recording.ask(messages, tools, output)


class ReplayedCalls:
    """Model that returns only the recorded replies: the run ends after the last one.

    Args:
        replayed: compares each prompt with the recorded prompt, except when re-parsing.
        turns: number of finished turns in the record.
        reparse: whether replies are used in order, whichever turn they now belong to: a call that is refused
            now does not begin a new turn.
    """

    def __init__(self, replayed: RecordedModel, turns: int, reparse: bool = False) -> None:
        self._replayed, self._turns, self._reparse = replayed, turns, reparse
        self._recording: RecordingModel | None = None

    @property
    def settings(self) -> ModelSettings:
        """The settings of the run."""
        return self._replayed.settings

    def attach(self, record: RunRecord) -> None:
        """Write the replies to `record` again."""
        self._recording = RecordingModel(self._replayed, record)

    def holds(self, turn: int) -> bool:
        """Return whether the next reply was given in `turn`; when re-parsing, whether there is a next reply."""
        return not self._replayed.is_over if self._reparse else self._replayed.next_turn == turn

    def is_past(self, turn: int) -> bool:
        """Return whether no more replies belong to `turn`."""
        return self._replayed.is_over or (not self._reparse and turn < self._turns)

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ReplayedModel.ask`.

        Raises:
            ModelFailure: the prompt differs from the recorded one.
        """
        asked = self._recording or self._replayed
        return asked.ask(messages, tools, output)
