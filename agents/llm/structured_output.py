"""Structured output of the agent `llm`: whether to ask for it, and what to do where nothing comes of it.

Whatever comes is parsed as any other reply: a schema that was asked for proves nothing about what was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.models.chat_model import OutputSchema, Reply
from dv_agent.agents.proposal import Structured
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.prompts.reply_schema import reply_schema
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.view import Exchange

EMPTY_TURNS = 2  # after so many turns without anything, it is no accident
_NOTHING = ("", "{}", "[]", "null", '""')
_NOT_ITS_FAULT = ("length", "content_filter")


@dataclass(frozen=True, slots=True)
class StructuredAnswer:
    """One question, asked once or twice.

    Attributes:
        replies: in the order in which they came; the last one counts.
    """

    replies: tuple[Reply, ...]
    structured: Structured


def wanted_schema(
    strategy: Strategy, design: Design, schema: StimulusSchema, exchanges: Sequence[Exchange]
) -> OutputSchema | None:
    """The schema to ask for; None where the strategy wants none, or where earlier turns came to nothing."""
    if not strategy.structured or structured_is_off(exchanges):
        return None
    return OutputSchema(name="tests", body=reply_schema(design, schema, strategy))


def structured_is_off(exchanges: Sequence[Exchange]) -> bool:
    """Whether the turns so far show that structured output is not to be had: one refusal, or two empty replies."""
    came = [one.structured for one in exchanges]
    return "refused" in came or came.count("empty") >= EMPTY_TURNS


def ask_structured(
    ask: Callable[[OutputSchema | None], Reply], output: OutputSchema, may_ask_again: Callable[[Reply], bool]
) -> StructuredAnswer:
    """Ask for structured output, and for plain text if nothing came.

    Args:
        ask: one call of the model.
        may_ask_again: whether the budget holds another call after this reply.

    Raises:
        ModelFailure: as `ask`.
    """
    reply = ask(output)
    if reply.form == "refused":
        return StructuredAnswer((reply,), "refused")
    if spoken(reply.text).strip() not in _NOTHING or reply.finish_reason in _NOT_ITS_FAULT:
        return StructuredAnswer((reply,), "given")
    return StructuredAnswer((reply, ask(None)) if may_ask_again(reply) else (reply,), "empty")
