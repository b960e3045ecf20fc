"""A model wrapper that records each reply before it is used, and reuses recorded replies instead of paying again."""

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
    """Calls another model and records its reply before the reply is parsed.

    Args:
        model: the model to call.
        record: where replies are written.
        paid: recorded replies of a turn that was not finished because the run was killed; they answer the first
            calls.
    """

    def __init__(self, model: ChatModel, record: RunRecord, paid: Sequence[Reply] = ()) -> None:
        self._model, self._record, self._paid = model, record, deque(paid)

    @property
    def settings(self) -> ModelSettings:
        """Return the settings of the wrapped model."""
        return self._model.settings

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """See `ChatModel.ask`; the cost of failed attempts is recorded too."""
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
