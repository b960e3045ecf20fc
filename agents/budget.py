"""What a run may use, what it has used, and when it ends."""

from __future__ import annotations

from pydantic import Field

from dv_agent.agents.models.costs.known_dollars import Priced
from dv_agent.designs.bounds import MOST, Amount, Count
from dv_agent.designs.frozen import Frozen


class Spent(Priced):
    """What a run has used so far.

    Attributes:
        usd, unpriced: see `Priced`.
        cached_calls, cached_tokens, cached_usd: what replies from a cache would have cost; they were not paid, but
            bounds count them, so that a run takes the same course with a cache and without.
    """

    cycles: Count = 0
    calls: Count = 0
    tokens: Count = 0
    seconds: Amount = 0.0
    cached_calls: Count = 0
    cached_tokens: Count = 0
    cached_usd: Amount = 0.0

    def bounded(self, name: str) -> float:
        """What counts against the bound `name`."""
        amount: float = getattr(self, name) + getattr(self, f"cached_{name}", 0)
        return amount


class Budget(Frozen):
    """Bounds of a run; None is no bound.

    Attributes:
        cycles: simulated clock cycles, resets included. The test that would cross the bound is cut there.
        calls: calls of a language model.
        tokens: input and output tokens of all calls.
        usd: price of all calls, US dollars.
        seconds: wall time; a run under this bound is not reproducible, and its record says so.
    """

    cycles: int | None = Field(default=200_000, ge=1, lt=MOST)
    calls: int | None = Field(default=50, ge=0, lt=MOST)
    tokens: int | None = Field(default=None, ge=1, lt=MOST)
    usd: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)

    @property
    def reproducible(self) -> bool:
        """Whether the bounds alone fix what a seeded run does."""
        return self.seconds is None

    def exceeded(self, spent: Spent) -> str | None:
        """The name of a bound that is used up, or None. `calls` is asked of agents with a model only."""
        for name in ("cycles", "tokens", "usd", "seconds"):
            bound = getattr(self, name)
            if bound is not None and spent.bounded(name) >= bound:
                return name
        return None

    def cycles_left(self, spent: Spent) -> int | None:
        """Cycles that the next test may take; None without a bound."""
        return None if self.cycles is None else max(self.cycles - spent.cycles, 0)

    def left(self, spent: Spent) -> dict[str, float]:
        """What remains of every bound that is set."""
        bounds = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: max(bound - spent.bounded(name), 0) for name, bound in bounds.items() if bound is not None}
