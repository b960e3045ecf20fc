"""A model for agents with tools: what stands in the record is said again first, then a real model is asked."""

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
    """A model that knows which of its replies stand in a record already."""

    @property
    def settings(self) -> ModelSettings:
        """Those that hold for prompts and replies."""
        ...

    def attach(self, record: RunRecord) -> None:
        """Where new replies go from now on."""
        ...

    def holds(self, turn: int) -> bool:
        """Whether the next reply of `turn` is in the record: it has been paid for."""
        ...

    def is_past(self, turn: int) -> bool:
        """Whether `turn` stands finished in the record."""
        ...

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`."""
        ...


class ResumedCalls:
    """Says the recorded replies in their order, then asks `model` and records what it says.

    Args:
        model: who is asked; its settings hold from the beginning.
        lines: calls in the record; those that ended without a reply are passed over.
        turns: finished turns in the record: they have all the replies that they will ever have.
    """

    def __init__(self, model: ChatModel, lines: Sequence[ReplyLine] = (), turns: int = 0) -> None:
        self._model, self._turns = model, turns
        self._lines = deque(line for line in lines if not line.failure)
        self._recording: RecordingModel | None = None

    @property
    def settings(self) -> ModelSettings:
        """Those of the model behind."""
        return self._model.settings

    def attach(self, record: RunRecord) -> None:
        """Where new replies go from now on."""
        self._recording = RecordingModel(self._model, record)

    def holds(self, turn: int) -> bool:
        """Whether the next reply of `turn` is in the record: it has been paid for."""
        return bool(self._lines) and self._lines[0].turn == turn

    def is_past(self, turn: int) -> bool:
        """Whether `turn` stands finished in the record."""
        return turn < self._turns

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`.

        Raises:
            UsageError: nothing is left of the record, and no record takes what would be new.
        """
        if self._lines:
            return self._lines.popleft().reply
        if self._recording is None:
            raise UsageError("the record holds no further reply of the model; the run cannot be resumed, only rescored")
        return self._recording.ask(messages, tools, output)


class ReplayedCalls:
    """Says the recorded replies and nothing else: where they end, the run ends.

    Args:
        replayed: compares what it is asked with what was asked then, unless it re-reads.
        turns: finished turns in the record.
        reparse: whether replies are taken in their order, whichever turn they now fall into: a call that is refused
            today begins no new turn.
    """

    def __init__(self, replayed: RecordedModel, turns: int, reparse: bool = False) -> None:
        self._replayed, self._turns, self._reparse = replayed, turns, reparse
        self._recording: RecordingModel | None = None

    @property
    def settings(self) -> ModelSettings:
        """Those of the run."""
        return self._replayed.settings

    def attach(self, record: RunRecord) -> None:
        """Where the replies go again."""
        self._recording = RecordingModel(self._replayed, record)

    def holds(self, turn: int) -> bool:
        """Whether the next reply was given in `turn`; when re-reading, whether there is one."""
        return not self._replayed.is_over if self._reparse else self._replayed.next_turn == turn

    def is_past(self, turn: int) -> bool:
        """Whether no further reply belongs to `turn`."""
        return self._replayed.is_over or (not self._reparse and turn < self._turns)

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ReplayedModel.ask`.

        Raises:
            ModelFailure: it is asked something else than then.
        """
        asked = self._recording or self._replayed
        return asked.ask(messages, tools, output)
