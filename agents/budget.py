"""The budget of a run: its bounds, the amounts used so far, and which bound is used up."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, ValidationError

from dv_agent.agents.models.costs.known_dollars import Priced
from dv_agent.designs.bounds import MOST, Amount, Count
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UsageError


class Spent(Priced):
    """Amounts that a run has used so far.

    Attributes:
        usd, unpriced: see `Priced`.
        cached_calls, cached_tokens, cached_usd: what replies from a cache would have cost; they were not paid, but
            bounds count them, so that a run behaves the same with a cache and without.
    """

    cycles: Count = 0
    calls: Count = 0
    tokens: Count = 0
    seconds: Amount = 0.0
    cached_calls: Count = 0
    cached_tokens: Count = 0
    cached_usd: Amount = 0.0

    def bounded(self, name: str) -> float:
        """Return the amount that counts against the bound `name`."""
        amount: float = getattr(self, name) + getattr(self, f"cached_{name}", 0)
        return amount


class Budget(Frozen):
    """Bounds of a run; None means no bound.

    Attributes:
        cycles: simulated clock cycles, resets included. The test that would exceed the bound is cut at the bound.
        calls: calls of a language model.
        tokens: input and output tokens of all calls.
        usd: price of all calls, US dollars.
        seconds: wall time; a run with this bound is not reproducible, and its record says so.
    """

    cycles: int | None = Field(default=200_000, ge=1, lt=MOST)
    calls: int | None = Field(default=50, ge=0, lt=MOST)
    tokens: int | None = Field(default=None, ge=1, lt=MOST)
    usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    def having(self, bounds: Mapping[str, float]) -> Budget:
        """Return the budget with bounds that a user gave.

        Raises:
            UsageError: one of them is out of range; names its option.
        """
        try:
            return Budget.model_validate({**self.model_dump(), **bounds})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = str(first["loc"][0])
            option = {"tokens": "tokens-total"}.get(name, name)
            raise UsageError(f"--max-{option}: {plain_words(first)}") from None

    @property
    def reproducible(self) -> bool:
        """Whether a seeded run with these bounds always does the same: there is no bound on wall time."""
        return self.seconds is None

    def exceeded(self, spent: Spent) -> str | None:
        """Return the name of a bound that is used up, or None. `calls` is checked only for agents with a model."""
        for name in ("cycles", "tokens", "usd", "seconds"):
            bound = getattr(self, name)
            if bound is not None and spent.bounded(name) >= bound:
                return name
        return None

    def cycles_left(self, spent: Spent) -> int | None:
        """Return how many cycles the next test may take; None without a bound."""
        return None if self.cycles is None else max(self.cycles - spent.cycles, 0)

    def left(self, spent: Spent) -> dict[str, float]:
        """Return the remaining amount of every bound that is set."""
        bounds = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: max(bound - spent.bounded(name), 0) for name, bound in bounds.items() if bound is not None}
