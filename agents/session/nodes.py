"""Data classes of an interactive session: a Draft is the next message to send, a Node is the state after sending."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import Message, ModelSettings, Reply
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.code.group import Goal
from dv_agent.designs.bounds import Count, Seed
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.strategy import Strategy

PERSON = "human:paste"
"""Model name for a session without a model: replies are pasted by the user."""


class Edit(Frozen):
    """A manual edit of a message, or of a part of one.

    Attributes:
        index: position of the message in the prompt.
        part: name of the part; an empty string for the whole message, which then hides edits of its parts.
        before: the text as rendered; if it is rendered differently later, the edit is no longer valid.
    """

    index: int = Field(ge=0)
    part: str = ""
    before: str
    text: str = Field(max_length=1_000_000)


class Draft(Frozen):
    """The settings from which the next message of a node is made.

    Attributes:
        strategy: the full strategy, including all templates that it changes.
        model: the model and its sampling settings.
        trial: index of this sample; added to the seed of the session, and to that of the model if one is set.
        edits: manual edits of messages.
    """

    strategy: Strategy
    model: ModelSettings
    trial: int = Field(default=0, ge=0)
    edits: tuple[Edit, ...] = ()

    @property
    def sampled(self) -> ModelSettings:
        """Return the model settings for this sample."""
        if self.model.llm_seed is None or not self.trial:
            return self.model
        return self.model.model_copy(update={"llm_seed": self.model.llm_seed + self.trial})

    @property
    def onward(self) -> Draft:
        """Return the draft that follows this one: the same without the edits, which are valid for one message only."""
        return self.model_copy(update={"edits": ()})


class Node(Frozen):
    """The state after a turn, and how it was reached.

    Attributes:
        id: unique in its session, ascending; the root is 0.
        kind: ``root``; ``sent``: by a model; ``pasted``: the user supplied the reply; ``branch``: the same state as
            its parent, with a label and drafts of its own.
        draft: the draft of its turn; for a branch that of its parent.
        messages: as sent; empty if there was no turn.
        rendered: the messages before manual edits; equal to `messages` if there were none.
        turn: results of the tests.
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
        """Return the ids of the bins that this turn covered first."""
        return tuple(name for test in self.turn.tests for name in test.new_bins) if self.turn else ()

    @property
    def failing(self) -> int:
        """Return the number of tests of this turn with a failed check."""
        return sum(bool(test.failures) for test in self.turn.tests) if self.turn else 0


class SessionHeader(Frozen):
    """The content of ``session.json``: constant, except for bounds, which can be raised.

    Attributes:
        draft: the initial draft of the root.
        budget: bounds of a path from the root, as shown in the prompt, and of the whole session.
        design_folder, goal, hashes, versions, simulator: as in a run's `dv_agent.agents.records.schema.RunHeader`.
        origin: id of the run whose state after turn `turns` is the root, or an empty string.
    """

    schema_version: Literal[1] = 1
    id: str
    started: str
    design: str
    design_folder: str = ""
    task_version: Count
    bug: str = ""
    goal: Goal = "functional"
    seed: Seed
    draft: Draft
    budget: Budget
    simulator: str
    hashes: dict[str, str]
    versions: dict[str, str]
    cache: str = ""
    origin: str = ""
    turns: Count = 0
