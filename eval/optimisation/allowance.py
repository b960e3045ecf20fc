"""The caps over a whole optimisation: the least that would do, what was spent, and whether one more step fits."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.agents.budget import Spent
from dv_agent.agents.models.chat_model import Reply
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UsageError
from dv_agent.eval.evaluation.estimate import full_call
from dv_agent.eval.optimisation.wish import Wish


class Caps(Frozen):
    """The most that trials and proposals together may cost; None: no bound of this kind."""

    calls: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of models and their price in US dollars; an unknown price is None."""

    calls: int = 0
    usd: float | None = 0.0

    def __add__(self, other: Cost) -> Cost:
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Cost(self.calls + other.calls, usd)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.calls * times, None if self.usd is None else self.usd * times)


@dataclass(frozen=True, slots=True)
class Prices:
    """The most that each kind of work can cost: every trial uses all its calls, and every call a full context.

    Attributes:
        first: the strategy where it begins, on the designs for validation.
        step: one proposal: the trials that it is made from, one call, the same trials again, and validation.
        last: the held-out designs, with the first strategy and with the best.
    """

    first: Cost
    step: Cost
    last: Cost

    @property
    def least(self) -> Cost:
        """Return what one step needs with all around it."""
        return self.first + self.step + self.last


def prices_of(wish: Wish) -> Prices:
    """Return the most that each kind of work of an optimisation can cost."""
    calls, full, proposal = wish.trial.calls or 0, full_call(wish.model), full_call(wish.reflection)
    dollars = None if full is None else full * calls
    if wish.trial.usd is not None:
        dollars = wish.trial.usd if dollars is None else min(dollars, wish.trial.usd)
    trial = Cost(calls, dollars)
    validation = trial * len(wish.items("validation"))
    step = trial * (2 * min(wish.batch, len(wish.items("train")))) + Cost(1, proposal) + validation
    return Prices(first=validation, step=step, last=trial * (2 * len(wish.items("held_out"))))


def require_enough(wish: Wish, caps: Caps) -> Prices:
    """Check that the caps hold at least one step and the figures at its end.

    Raises:
        UsageError: no cap, too small a cap, or one in dollars where the price of a model is not known.
    """
    prices = prices_of(wish)
    least = prices.least
    if caps.calls is None and caps.usd is None:
        raise UsageError(f"say how much it may cost: --cap-calls, or --cap-usd. {told(wish, prices)}")
    if caps.calls is not None and caps.calls < least.calls:
        raise UsageError(f"--cap-calls {caps.calls} is too small. {told(wish, prices)}")
    if caps.usd is not None and least.usd is None:
        raise UsageError("--cap-usd cannot be kept: the price of a model is not known here; use --cap-calls")
    if caps.usd is not None and least.usd is not None and caps.usd < least.usd:
        raise UsageError(f"--cap-usd {caps.usd:g} is too small: at least {least.usd:.2f} US dollars, if every call has "
                         f"a full context. {told(wish, prices)}")  # fmt: skip
    return prices


def told(wish: Wish, prices: Prices) -> str:
    """Return how the least that would do is made up."""
    calls, batch = wish.trial.calls or 0, min(wish.batch, len(wish.items("train")))
    checks, last = len(wish.items("validation")), len(wish.items("held_out"))
    return (
        f"The least that would do is {prices.least.calls} calls: with {calls} a trial, {checks * calls} for "
        f"validation of the strategy as it is, {prices.step.calls} for one proposal (twice {batch} trials on training "
        f"designs, 1 call that proposes, {checks * calls} for validation), and {prices.last.calls} for the held-out "
        f"designs (twice {last} trials)"
    )


def steps_within(prices: Prices, caps: Caps) -> int | None:
    """Return how many proposals surely fit into the caps; None without a cap."""
    around, found = prices.first + prices.last, list[int]()
    if caps.calls is not None:
        found.append((caps.calls - around.calls) // prices.step.calls)
    if caps.usd is not None and around.usd is not None and prices.step.usd:
        found.append(int((caps.usd - around.usd) / prices.step.usd))
    return max(0, min(found)) if found else None


class Meter:
    """What was spent so far; the same work is counted once, whether it was done now or by an earlier command."""

    def __init__(self, caps: Caps, prices: Prices) -> None:
        self._caps, self._prices = caps, prices
        self._trials: set[str] = set()
        self.calls, self.tokens, self.usd, self.unpriced = 0, 0, 0.0, 0

    def trial(self, name: str, spent: Spent) -> None:
        """Count a trial, the first time that it is named."""
        if name not in self._trials:
            self._trials.add(name)
            self._count(int(spent.bounded("calls")), int(spent.bounded("tokens")), spent.bounded("usd"), spent.unpriced)

    def proposal(self, reply: Reply) -> None:
        """Count a call that proposed a text."""
        tokens = sum(one.input_tokens + one.output_tokens for one in reply.attempts)
        usd = sum(one.usd or 0.0 for one in reply.attempts)
        self._count(1, tokens, usd, sum(one.usd is None for one in reply.attempts))

    @property
    def trials(self) -> int:
        """Return how many trials were counted."""
        return len(self._trials)

    def one_more_step(self) -> bool:
        """Return whether another step fits, with what the held-out designs need behind it."""
        need = self._prices.step + self._prices.last
        calls = self._caps.calls is None or self.calls + need.calls <= self._caps.calls
        usd = self._caps.usd is None or self.usd + (need.usd or 0.0) <= self._caps.usd
        return calls and usd

    def _count(self, calls: int, tokens: int, usd: float, unpriced: int) -> None:
        self.calls, self.tokens = self.calls + calls, self.tokens + tokens
        self.usd, self.unpriced = self.usd + usd, self.unpriced + unpriced
