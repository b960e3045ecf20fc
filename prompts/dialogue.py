"""Selection of the earlier messages sent again to a model: restarts, best exchanges, convergence. Deterministic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from dv_agent.coverage.plan import Plan
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.strategy_options import Converged, History, Restart
from dv_agent.prompts.view import Exchange


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The messages sent before the next one.

    Attributes:
        opening: the first exchange of this dialogue; None if the next message starts a new dialogue.
        kept: other exchanges that are sent again, in chronological order.
    """

    opening: Exchange | None
    kept: tuple[Exchange, ...]


def dialogue(strategy: Strategy, plan: Plan, exchanges: Sequence[Exchange], source: random.Random) -> Dialogue:
    """Return what precedes the next message under `strategy`.

    Args:
        exchanges: all exchanges of the run so far, in order.
        source: random source for choosing among the best; newly seeded for every message.
    """
    history = strategy.history
    if not history.is_dialogue or not exchanges:
        return Dialogue(None, ())
    start = beginning(strategy.restart, exchanges, len(plan.bins))
    own, earlier = list(exchanges[start:]), list(exchanges[:start])
    opening, own = (own[0], own[1:]) if own else (None, [])
    buffer = strategy.restart.buffer
    # A short dialogue is sent in full; a ``keep`` buffer is added at once, a ``stable`` one when the dialogue is long.
    if len(own) < history.messages and (buffer != "keep" or not earlier):
        return Dialogue(opening, tuple(own))
    pool = own if buffer == "clear" else [*earlier, *own]
    return Dialogue(opening, chosen(history, plan, pool, source))


def beginning(restart: Restart, exchanges: Sequence[Exchange], bins: int) -> int:
    """Return the index of the first exchange of the current dialogue; the number of exchanges if a new one starts.

    As LLM4DV does, coverage after the last message of a window is compared with that after its first one.
    """
    start = 0
    if restart.when == "never":
        return start
    for end in range(1, len(exchanges) + 1):
        early = exchanges[end - 1].bins_hit < restart.below * bins
        window = restart.messages_below if early else restart.messages
        gained = sum(len(one.new_bins) for one in exchanges[end - window + 1 : end])
        if end - start >= window and gained < restart.bins:
            start = end
    return start


def chosen(history: History, plan: Plan, pool: Sequence[Exchange], source: random.Random) -> tuple[Exchange, ...]:
    """Return at most `history.messages` exchanges of `pool`, in chronological order."""
    count = min(history.messages, len(pool))
    if history.keep == "recent":
        return tuple(pool[len(pool) - count :])
    recent = list(pool[-1:]) if history.keep == "mixed" else []
    best = [one for one in best_of(history, plan, pool) if one not in recent]
    picked = source.sample(best, min(count - len(recent), len(best))) + recent
    return tuple(sorted(picked, key=lambda one: one.turn))


def best_of(history: History, plan: Plan, pool: Sequence[Exchange]) -> list[Exchange]:
    """Return the `history.best_of` exchanges with most gains; if the last ties with the first, all that tie."""
    ranked = sorted(pool, key=lambda one: (-score(history, plan, one), -one.turn))  # of equals the later ones
    last = ranked[: history.best_of][-1:]
    if last and score(history, plan, last[0]) == score(history, plan, ranked[0]):
        return [one for one in ranked if score(history, plan, one) == score(history, plan, ranked[0])]
    return ranked[: history.best_of]


def score(history: History, plan: Plan, exchange: Exchange) -> float:
    """Return the number of new bins; harder bins count more if the history option asks for it."""
    if history.keep != "successful_hard":
        return float(len(exchange.new_bins))
    bins = [plan.bins[index] for index in exchange.new_bins]
    hard = sum(one.kind == "cross" if history.hard_crosses else one.tier in history.hard_tiers for one in bins)
    return len(exchange.new_bins) + (history.hard_weight - 1) * hard


def has_converged(converged: Converged | None, gains: Sequence[int]) -> bool:
    """Return whether the agent should stop because new bins have become too rare.

    Args:
        gains: number of new bins for each message so far.
    """
    if converged is None:
        return False
    # Coverage after the last message of a window against that after its first one, as in `beginning`.
    if len(gains) >= converged.unchanged and sum(gains[len(gains) - converged.unchanged + 1 :]) == 0:
        return True
    return len(gains) >= converged.over and sum(gains[len(gains) - converged.over + 1 :]) <= converged.few
