"""What a person chose for one turn of an interactive session, so that a replay can go the same way."""

from __future__ import annotations

from dv_agent.agents.models.chat_model import Message, ModelSettings
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.strategy import Strategy


class ManualTurn(Frozen):
    """How a turn was asked. Elsewhere one strategy holds for a whole run; in a session each turn has its own.

    Attributes:
        strategy: in full, with all templates of its own.
        model: how it was sampled; its context decides what of the prompt was cut.
        seed: what samplers of holes and of earlier messages drew from.
        rendered: the prompt before a person edited it; empty where it was sent as rendered.
        pasted: a person wrote the reply.
    """

    strategy: Strategy
    model: ModelSettings
    seed: int
    rendered: tuple[Message, ...] = ()
    pasted: bool = False
