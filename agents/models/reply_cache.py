"""An exact-match cache of replies in an SQLite file: an identical call is sent once, and its cost is counted once.

The key holds everything that determines a reply: model and address, every sampling setting, the seed of the model, the
trial, and the messages. So five seeds still give five samples.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from dv_agent.agents.models.chat_model import ChatModel, Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.errors import OutputError

Answer = TypeVar("Answer")
WAIT_SECONDS = 30.0
_SAMPLING = ("model", "base_url", "temperature", "max_tokens", "reasoning_effort", "llm_seed")
_TABLE = "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)"


class CachingModel:
    """Model that looks in the cache before it sends a call. Several processes may share one file.

    Args:
        model: the model that is called if the reply is not in the file.
        path: the file; created if it is missing.
        trial: number of the sample with the same settings.

    Raises:
        OutputError: the file cannot be opened, or is not an SQLite file.
    """

    def __init__(self, model: ChatModel, path: Path, trial: int) -> None:
        self._model, self._path, self._trial = model, path, trial
        self._within(lambda connection: connection.execute(_TABLE))

    @property
    def settings(self) -> ModelSettings:
        """The settings of the wrapped model."""
        return self._model.settings

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """As `ChatModel.ask`; a reply from the file has `cached` set, and its attempts hold the cost of the first call.

        Raises:
            ModelFailure: as `ChatModel.ask`; failures are not cached.
            OutputError: the file cannot be written.
        """
        key = self._key(messages, tools, output)
        found = self._within(lambda c: c.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone())
        if found:
            return Reply.model_validate_json(found[0]).model_copy(update={"cached": True})
        reply = self._model.ask(messages, tools, output)
        row = (key, reply.model_dump_json())
        self._within(lambda connection: connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", row))
        return reply

    def _key(self, messages: Sequence[Message], tools: Sequence[ToolSpec], output: OutputSchema | None) -> str:
        settings = self.settings.model_dump(mode="json", include=set(_SAMPLING))
        if self.settings.role_style != "auto":
            settings["role_style"] = self.settings.role_style
        content = {"settings": settings, "trial": self._trial, "messages": [one.model_dump() for one in messages],
                   "tools": [one.model_dump() for one in tools],
                   **({"output": output.digest} if output else {})}  # fmt: skip
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _within(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Call `work` in a separate database transaction."""
        try:
            connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS)
            try:
                with connection:
                    return work(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise OutputError(f"{self._path}: {error}; delete it, or name another file with --cache") from None
