"""The settings that a person chose for one turn of an interactive session, recorded so that a replay can repeat it."""

from __future__ import annotations

from dv_agent.agents.models.chat_model import Message, ModelSettings
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.strategy import Strategy


class ManualTurn(Frozen):
    """Prompt settings of one turn. Other runs use one strategy throughout; in a session each turn has its own.

    Attributes:
        strategy: complete, with all its own templates.
        model: how the model was sampled; its context size decides which parts of the prompt were cut.
        seed: seed of the random samplers of holes and of earlier messages.
        rendered: the prompt before a person edited it; empty if it was sent as rendered.
        pasted: whether a person pasted or wrote the reply.
    """

    strategy: Strategy
    model: ModelSettings
    seed: int
    rendered: tuple[Message, ...] = ()
    pasted: bool = False
