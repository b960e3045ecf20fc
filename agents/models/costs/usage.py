"""The token usage of one attempt, as counted by the server; an estimate is marked as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dv_agent.agents.models.chat_model import CallUsage, Message, estimate_tokens
from dv_agent.agents.models.costs.prices import price
from dv_agent.agents.models.faults import ModelFault
from dv_agent.agents.models.providers import Endpoint

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

MOST_OF_ONE_CALL = 1_000_000_000  # tokens


def usage_of_reply(
    answer: AIMessage, text: str, messages: Sequence[Message], endpoint: Endpoint, seconds: float
) -> CallUsage:
    """Return the usage of an attempt that was answered."""
    counted: Mapping[str, Any] = answer.usage_metadata or {}
    used, made = _count(counted.get("input_tokens")), _count(counted.get("output_tokens"))
    if not used or (text and not made):  # no usage, zeros, which are impossible, or absurd ones
        usage = CallUsage(
            input_tokens=used or _estimate(messages),
            output_tokens=made or estimate_tokens(text),
            counted_by="estimate",
            seconds=seconds,
        )
    else:
        into, out = counted.get("input_token_details") or {}, counted.get("output_token_details") or {}
        usage = CallUsage(
            input_tokens=used,
            output_tokens=made,
            cached_tokens=min(_sum(into, "cache_read"), used),
            cache_write_tokens=_sum(into, "cache_creation"),
            reasoning_tokens=min(_sum(out, "reasoning"), made),
            seconds=seconds,
        )
    return _priced(usage, endpoint, str(answer.response_metadata.get("model_name") or ""))


def usage_of_failure(fault: ModelFault, messages: Sequence[Message], endpoint: Endpoint, seconds: float) -> CallUsage:
    """Return the usage of a failed attempt, as far as it is known.

    An error status is not charged. A reply that was lost in transit may be charged: its prompt is estimated, its
    output is unknown and is left out.
    """
    usage = CallUsage(
        input_tokens=_estimate(messages) if fault.sent else 0,
        counted_by="estimate" if fault.sent else "nobody",
        seconds=seconds,
        error=fault.kind,
        status=fault.status,
    )
    return _priced(usage, endpoint)


def _priced(usage: CallUsage, endpoint: Endpoint, returned_model: str = "") -> CallUsage:
    return usage.model_copy(update={"usd": price(usage, endpoint, returned_model)})


def _estimate(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(one.content) for one in messages)


def _count(value: object) -> int:
    """Return a count that a server may have meant, else 0: what no call can use must neither be paid nor end a run."""
    return value if isinstance(value, int) and 0 < value <= MOST_OF_ONE_CALL else 0


def _sum(details: Mapping[str, Any], name: str) -> int:
    """Return the sum of all counts with that name; a service tier adds its own name in front of it."""
    return sum(_count(value) for key, value in details.items() if key == name or key.endswith(f"_{name}"))
