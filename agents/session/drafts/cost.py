"""Cost of model calls in a session: an upper bound before a call, and the amount spent so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.llm.call_budget import bound_too_small
from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.session.log import CallLine
from dv_agent.agents.session.model_call import ModelCaller
from dv_agent.agents.session.nodes import PERSON, Draft
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class CostBound:
    """Upper bound of the cost of one answered attempt.

    Attributes:
        input_tokens: estimate for the prompt; it tends to be too high.
        output_tokens: maximum length of the reply: `max_tokens`, or the rest of the context if that is not set.
        limited: whether `max_tokens` is set, so that the bound is sent to the server.
        usd: US dollars; None if the price is not known.
    """

    input_tokens: int
    output_tokens: int
    limited: bool
    usd: float | None

    def __str__(self) -> str:
        price = "unknown price" if self.usd is None else f"at most {self.usd:.4f} USD"
        limit = "" if self.limited else " (the rest of the context; set max_tokens to bound it)"
        return (
            f"{counted(self.input_tokens, 'token')} in (estimated), at most {self.output_tokens:,} out{limit}, {price}"
        )


def cost_bound(draft: Draft, tokens: int, caller: ModelCaller) -> CostBound:
    """Return the bound for one call with a prompt of `tokens` tokens; zero if the user pastes the replies."""
    if draft.model.model == PERSON:
        return CostBound(0, 0, True, 0.0)
    limit = draft.model.max_tokens
    output = limit or max(draft.model.context_tokens - tokens, 0)
    price = caller.price(draft.model, CallUsage(input_tokens=tokens, output_tokens=output))
    return CostBound(tokens, output, limit is not None, price)


def spent_of(calls: Iterable[CallLine]) -> Spent:
    """Return the cost of all calls of a session, including failed and unused ones."""
    total = Spent()
    for line in calls:
        if line.pasted:
            continue
        count = len(line.reply.attempts) if line.failure else 1
        tokens = sum(one.input_tokens + one.output_tokens for one in line.reply.attempts)
        usd = sum(one.usd or 0.0 for one in line.reply.attempts)
        prefix = "cached_" if line.reply.cached else ""
        amounts = {"calls": count, "tokens": tokens, "usd": usd}
        total = total.model_copy(
            update={f"{prefix}{name}": getattr(total, f"{prefix}{name}") + amount for name, amount in amounts.items()}
        )
    return total


def check_budget(budget: Budget, path: Spent, session: Spent, draft: Draft, tokens: int, caller: ModelCaller) -> None:
    """Check that the budget allows one more call.

    Args:
        path: spent from the root to the node.
        session: spent by the whole session, all branches together.

    Raises:
        UsageError: it does not; the message names the bound.
    """
    if bound := budget.exceeded(path):
        raise UsageError(_used_up(bound, getattr(budget, bound), "the path to this node"))
    for spent, whose in ((path, "the path to this node"), (session, "the session")):
        bound = bound_too_small(
            budget.left(spent), tokens, draft.model.reply_tokens, lambda usage: caller.price(draft.model, usage)
        )
        if bound:
            raise UsageError(_used_up(bound, getattr(budget, bound), whose))


def _used_up(bound: str, amount: float, whose: str) -> str:
    option = {"tokens": "max-tokens-total"}.get(bound, f"max-{bound}")
    return (
        f"the budget of {amount:,} {bound} leaves no room for this in {whose}; "
        f"open the session with a larger --{option}"
    )
