"""The check whether the rest of a budget allows one more model call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dv_agent.agents.models.chat_model import CallUsage

Price = Callable[[CallUsage], float | None]
"""Function that returns the price of a call in US dollars; None if it is not known."""


def bound_too_small(
    left: Mapping[str, float], input_tokens: int, output_tokens: int, price: Price | None
) -> str | None:
    """Return the first bound that one call could exceed, or None. A name that is not in `left` has no bound.

    A call with an unknown price is allowed as long as any dollars are left.
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
