"""Structured output of the agent `llm`: when to request it, and the fallback to plain text.

The reply is parsed like any other: requesting a schema does not guarantee that the reply follows it.
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

EMPTY_TURNS = 2  # after so many turns with an empty reply it is assumed not to work
_NOTHING = ("", "{}", "[]", "null", '""')
_NOT_ITS_FAULT = ("length", "content_filter")


@dataclass(frozen=True, slots=True)
class StructuredAnswer:
    """Replies to one prompt, which was sent once or twice.

    Attributes:
        replies: in the order of arrival; the last one is used.
    """

    replies: tuple[Reply, ...]
    structured: Structured


def wanted_schema(
    strategy: Strategy, design: Design, schema: StimulusSchema, exchanges: Sequence[Exchange]
) -> OutputSchema | None:
    """Return the schema to request; None if the strategy wants none or earlier turns showed that it does not work."""
    if not strategy.structured or structured_is_off(exchanges):
        return None
    return OutputSchema(name="tests", body=reply_schema(design, schema, strategy))


def structured_is_off(exchanges: Sequence[Exchange]) -> bool:
    """Return whether earlier turns show that structured output does not work: one refusal, or two empty replies."""
    came = [one.structured for one in exchanges]
    return "refused" in came or came.count("empty") >= EMPTY_TURNS


def ask_structured(
    ask: Callable[[OutputSchema | None], Reply], output: OutputSchema, may_ask_again: Callable[[Reply], bool]
) -> StructuredAnswer:
    """Request structured output, and plain text if the reply is empty.

    Args:
        ask: function that makes one model call.
        may_ask_again: whether the budget allows another call after this reply.

    Raises:
        ModelFailure: as `ask`.
    """
    reply = ask(output)
    if reply.form == "refused":
        return StructuredAnswer((reply,), "refused")
    if spoken(reply.text).strip() not in _NOTHING or reply.finish_reason in _NOT_ITS_FAULT:
        return StructuredAnswer((reply,), "given")
    return StructuredAnswer((reply, ask(None)) if may_ask_again(reply) else (reply,), "empty")
