"""Shortening of a long dialogue with tools to a model's context: the oldest results go first, then the oldest calls."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dv_agent.agents.models.chat_model import Message
from dv_agent.errors import UsageError

OVERHEAD = 6  # tokens of a message in addition to its text
STEP = 6  # so many messages are removed at once, so that the start of a dialogue stays the same for some calls
MOST_SAID = 1_000  # characters
_GONE = "(left out to save room; call the tool again if you need it)"


def fit(messages: Sequence[Message], limit: int) -> tuple[Message, ...]:
    """Return `messages` shortened to about `limit` tokens; the result depends only on the arguments.

    The system message, the first message, and everything from the model's last message on are kept; of a last
    message that does not fit, such as a call with very long arguments, the beginning and the length are.

    Raises:
        UsageError: even these do not fit.
    """
    opening = next((place for place, one in enumerate(messages) if one.role == "assistant"), len(messages))
    last = max((place for place, one in enumerate(messages) if one.role == "assistant"), default=len(messages))
    head, middle, tail = list(messages[:opening]), list(messages[opening:last]), list(messages[last:])
    room = limit - tokens_of(head) - tokens_of(tail)
    if room < 0:
        tail = [_cut(one) for one in tail]
        room = limit - tokens_of(head) - tokens_of(tail)
    if room < 0:
        raise UsageError(f"specification and tools do not fit into {limit} tokens; raise --context-tokens")
    return (*head, *_shorter(middle, room), *tail)


def _cut(one: Message) -> Message:
    """Return what a model wrote without what is too long; its signed parts go, since they would say it again."""
    if one.role != "assistant":
        return one
    calls = tuple(call.model_copy(update={"arguments": _cut_arguments(call.arguments)}) for call in one.tool_calls)
    text = one.content if len(one.content) <= MOST_SAID else f"{one.content[:MOST_SAID]} ..."
    return one.model_copy(update={"tool_calls": calls, "content": text, "native": ""})


def _cut_arguments(text: str) -> str:
    if len(text) <= MOST_SAID:
        return text
    return json.dumps({"left_out": f"{len(text)} characters, which were too long to be repeated", "begin": text[:80]})


def tokens_of(messages: Sequence[Message]) -> int:
    """Return the estimated number of tokens."""
    return sum(one.tokens + OVERHEAD for one in messages)


def _shorter(middle: list[Message], room: int) -> list[Message]:
    results = [place for place, one in enumerate(middle) if one.role == "tool"]
    for count in (*range(0, len(results), STEP), len(results)):
        gone = set(results[:count])
        kept = [_emptied(one) if place in gone else one for place, one in enumerate(middle)]
        if tokens_of(kept) <= room:
            return kept
    starts = [place for place, one in enumerate(middle) if one.role == "assistant"]
    for count in range(STEP, len(starts), STEP):
        kept = [_emptied(one) for one in middle[starts[count] :]]
        if tokens_of(kept) <= room:
            return kept
    return []


def _emptied(one: Message) -> Message:
    short = one.role != "tool" or len(one.content) <= len(_GONE)
    return one if short else one.model_copy(update={"content": _GONE})
