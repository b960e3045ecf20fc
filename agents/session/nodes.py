"""The nouns of an interactive session: a Draft is what would be sent, a Node is where that led."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import Message, ModelSettings, Reply
from dv_agent.agents.turn import TurnRecord
from dv_agent.designs.bounds import Count, Seed
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.strategy import Strategy

PERSON = "human:paste"
"""Stands for a model where a person is it: replies can be pasted, not asked for."""


class Edit(Frozen):
    """A message that a person wrote over, or a part of one.

    Attributes:
        index: the place of the message among all.
        part: name of the part; an empty text for the whole message, which then hides edits of its parts.
        before: the text as it was rendered; if it is rendered otherwise later, the edit no longer holds.
    """

    index: int = Field(ge=0)
    part: str = ""
    before: str
    text: str = Field(max_length=1_000_000)


class Draft(Frozen):
    """What the next message of a node would be made of.

    Attributes:
        strategy: in full; it holds all templates of its own.
        model: which model is asked, and how it is sampled.
        trial: which sample this is; added to the seed of the session, and to that of the model where one is set.
        edits: messages written over by hand.
    """

    strategy: Strategy
    model: ModelSettings
    trial: int = Field(default=0, ge=0)
    edits: tuple[Edit, ...] = ()

    @property
    def sampled(self) -> ModelSettings:
        """The settings with which this very sample is asked for."""
        if self.model.llm_seed is None or not self.trial:
            return self.model
        return self.model.model_copy(update={"llm_seed": self.model.llm_seed + self.trial})

    @property
    def onward(self) -> Draft:
        """The draft after this one was sent: all but the edits, which belong to one message."""
        return self.model_copy(update={"edits": ()})


class Node(Frozen):
    """The state after a turn, and how it came about.

    Attributes:
        id: unique in its session, ascending; the root is 0.
        kind: ``root``; ``sent`` to a model; ``pasted``: a person wrote the reply; ``branch``: the state of its parent
            once more, with a label and drafts of its own.
        draft: under which the turn was asked; that of its parent for a branch.
        messages: as sent; empty where there was no turn.
        rendered: before a person edited them; equal to `messages` where nobody did.
        turn: what the tests did.
    """

    id: int
    parent: int | None
    kind: Literal["root", "sent", "pasted", "branch"]
    draft: Draft
    label: str = ""
    messages: tuple[Message, ...] = ()
    rendered: tuple[Message, ...] = ()
    reply: Reply | None = None
    turn: TurnRecord | None = None

    @property
    def new_bins(self) -> tuple[str, ...]:
        """Ids of the bins that this turn covered first."""
        return tuple(name for test in self.turn.tests for name in test.new_bins) if self.turn else ()

    @property
    def failing(self) -> int:
        """Tests of this turn with a failed check."""
        return sum(bool(test.failures) for test in self.turn.tests) if self.turn else 0


class SessionHeader(Frozen):
    """``session.json``: what does not change, but for bounds that may be raised.

    Attributes:
        draft: the one that the root began with.
        budget: bounds of a path from the root, as the prompt tells them, and of the whole session.
        hashes, versions, simulator: as in a run's `dv_agent.agents.records.schema.RunHeader`.
        origin: id of the run at whose turn `turns` the root stands, or an empty text.
    """

    schema_version: Literal[1] = 1
    id: str
    started: str
    design: str
    task_version: Count
    bug: str = ""
    seed: Seed
    draft: Draft
    budget: Budget
    simulator: str
    hashes: dict[str, str]
    versions: dict[str, str]
    cache: str = ""
    origin: str = ""
    turns: Count = 0
