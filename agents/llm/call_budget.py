"""Whether what is left of a budget can hold one more call of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dv_agent.agents.models.chat_model import CallUsage

Price = Callable[[CallUsage], float | None]
"""What a call would cost, US dollars; None where that is not known."""


def bound_too_small(
    left: Mapping[str, float], input_tokens: int, output_tokens: int, price: Price | None
) -> str | None:
    """The first bound that one call could break, or None. A bound that is not in `left` is no bound.

    A call whose price is not known may begin as long as any dollars are left.
    """
    if left.get("calls", 1) < 1:
        return "calls"
    if left.get("tokens", input_tokens + output_tokens) < input_tokens + output_tokens:
        return "tokens"
    if "usd" in left:
        cost = price(CallUsage(input_tokens=input_tokens, output_tokens=output_tokens)) if price else None
        if left["usd"] <= 0 or left["usd"] < (cost or 0.0):
            return "usd"
    return None
