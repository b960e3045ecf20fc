"""Models that remember: a reply goes to the record first, and one that is there already is not paid for again."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from dv_agent.agents.models.chat_model import (
    CallUsage,
    ChatModel,
    Message,
    ModelSettings,
    OutputSchema,
    Reply,
    ToolSpec,
)
from dv_agent.agents.records.writer import RunRecord
from dv_agent.errors import ModelFailure


class RecordingModel:
    """Asks another model and writes what it said before anybody parses it.

    Args:
        model: who is asked.
        record: where it is written.
        paid: replies that stand in the record without their turn, because the run was killed in between; they answer
            the first calls.
    """

    def __init__(self, model: ChatModel, record: RunRecord, paid: Sequence[Reply] = ()) -> None:
        self._model, self._record, self._paid = model, record, deque(paid)

    @property
    def settings(self) -> ModelSettings:
        """Those of the model behind."""
        return self._model.settings

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`; what failed attempts cost is recorded too."""
        if self._paid:
            return self._paid.popleft()
        try:
            reply = self._model.ask(messages, tools, output)
        except ModelFailure as error:
            attempts = tuple(one for one in error.attempts if isinstance(one, CallUsage))
            self._record.reply(messages, Reply(text="", attempts=attempts), error.message, tools, output)
            raise
        self._record.reply(messages, reply, tools=tools, output=output)
        return reply
