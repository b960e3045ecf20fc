"""Which earlier messages a model is sent again: restarts, best exchanges, giving up. A function of what happened."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from dv_agent.coverage.plan import Plan
from dv_agent.prompts.strategy import Converged, History, Restart, Strategy
from dv_agent.prompts.view import Exchange


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The messages before the next one.

    Attributes:
        opening: the exchange that began this dialogue; None where the next message begins one.
        kept: other exchanges that are sent again, in the order in which they happened.
    """

    opening: Exchange | None
    kept: tuple[Exchange, ...]


def dialogue(strategy: Strategy, plan: Plan, exchanges: Sequence[Exchange], source: random.Random) -> Dialogue:
    """What precedes the next message under `strategy`.

    Args:
        exchanges: all of the run so far, in order.
        source: draws among the best; seeded anew for every message.
    """
    history = strategy.history
    if not history.is_dialogue or not exchanges:
        return Dialogue(None, ())
    start = beginning(strategy.restart, exchanges, len(plan.bins))
    own, earlier = list(exchanges[start:]), list(exchanges[:start])
    opening, own = (own[0], own[1:]) if own else (None, [])
    buffer = strategy.restart.buffer
    # As long as a dialogue is short all of it is sent; a buffer that is kept joins at once, a stable one later.
    if len(own) < history.messages and (buffer != "keep" or not earlier):
        return Dialogue(opening, tuple(own))
    pool = own if buffer == "clear" else [*earlier, *own]
    return Dialogue(opening, chosen(history, plan, pool, source))


def beginning(restart: Restart, exchanges: Sequence[Exchange], bins: int) -> int:
    """Index of the exchange that began the present dialogue; the number of exchanges if the next one begins anew."""
    start = 0
    if restart.when == "never":
        return start
    for end in range(1, len(exchanges) + 1):
        early = exchanges[end - 1].bins_hit < restart.below * bins
        window = restart.messages_below if early else restart.messages
        recent = exchanges[max(start, end - window) : end]
        if end - start >= window and sum(len(one.new_bins) for one in recent) < restart.bins:
            start = end
    return start


def chosen(history: History, plan: Plan, pool: Sequence[Exchange], source: random.Random) -> tuple[Exchange, ...]:
    """At most `history.messages` of `pool`, in the order in which they happened."""
    count = min(history.messages, len(pool))
    if history.keep == "recent":
        return tuple(pool[len(pool) - count :])
    recent = list(pool[-1:]) if history.keep == "mixed" else []
    best = [one for one in best_of(history, plan, pool) if one not in recent]
    picked = source.sample(best, min(count - len(recent), len(best))) + recent
    return tuple(sorted(picked, key=lambda one: one.turn))


def best_of(history: History, plan: Plan, pool: Sequence[Exchange]) -> list[Exchange]:
    """The `history.best_of` exchanges that gained most; all ties, if even the last of them ties with the first."""
    ranked = sorted(pool, key=lambda one: -score(history, plan, one))
    last = ranked[: history.best_of][-1:]
    if last and score(history, plan, last[0]) == score(history, plan, ranked[0]):
        return [one for one in ranked if score(history, plan, one) == score(history, plan, ranked[0])]
    return ranked[: history.best_of]


def score(history: History, plan: Plan, exchange: Exchange) -> float:
    """Bins gained, harder ones counting more where the history says so."""
    if history.keep != "successful_hard":
        return float(len(exchange.new_bins))
    hard = sum(plan.bins[index].tier in history.hard_tiers for index in exchange.new_bins)
    return len(exchange.new_bins) + (history.hard_weight - 1) * hard


def has_converged(converged: Converged | None, gains: Sequence[int]) -> bool:
    """Whether to give up.

    Args:
        gains: new bins of each message so far.
    """
    if converged is None:
        return False
    if len(gains) >= converged.unchanged and sum(gains[-converged.unchanged :]) == 0:
        return True
    return len(gains) >= converged.over and sum(gains[-converged.over :]) <= converged.few
