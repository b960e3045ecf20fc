"""A dialogue, and a model behind a loopback server that is asked it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from loopback import LoopbackServer

from dv_agent.agents.models.chat_model import Message, Reply
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.errors import ModelFailure

DIALOGUE = (Message(role="system", content="You verify hardware."), Message(role="user", content="Propose tests."))


@dataclass
class Asking:
    """A model, its server, and the waits that it reported."""

    model: LangChainModel
    server: LoopbackServer
    waits: list[tuple[str, float]] = field(default_factory=list)

    def ask(self) -> Reply:
        """One reply."""
        return self.model.ask(DIALOGUE)

    def fail(self) -> ModelFailure:
        """The failure that must come."""
        with pytest.raises(ModelFailure) as caught:
            self.ask()
        return caught.value


Serve = Callable[..., Asking]
