"""Figures on the held-out designs, which no proposal and no choice has seen: both strategies, trial by trial."""

from __future__ import annotations

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.text.wording import counted
from dv_agent.eval.optimisation.candidate import Texts
from dv_agent.eval.optimisation.candidate_trials import CandidateTrials
from dv_agent.eval.optimisation.wish import Wish
from dv_agent.eval.stats.sign_flip import compare

SURE = 0.05


class HeldOutTrial(Frozen):
    """One trial on a held-out design: percent of the bins covered, with the first strategy and with the best."""

    design: str
    seed: int
    before: float
    after: float


class HeldOut(Frozen):
    """Both strategies on the held-out designs.

    Attributes:
        before, after: mean over designs of the mean percentage of bins covered on a design.
        difference: mean over designs of the mean difference on a design, in points; `low`, `high`: its 95 % bootstrap
            interval over designs (over seeds, if there is one design only), None if there is one trial only.
        p: two-sided, by flipping the signs of whole designs; `smallest_p` is the smallest that so many designs allow.
    """

    trials: tuple[HeldOutTrial, ...]
    designs: int
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    p: float
    smallest_p: float

    @property
    def words(self) -> str:
        """Return the figures as text, with what they do not show."""
        span = f"95 % interval {self.low:+.1f} to {self.high:+.1f}, " if self.low is not None else "no interval, "
        count = f"n = {counted(len(self.trials), 'pair')} of trials on {counted(self.designs, 'design')}"
        text = (
            f"held-out designs: {self.before:.1f} % of the bins with the first strategy, {self.after:.1f} % with the "
            f"best: {self.difference:+.1f} points ({span}{count}, p = {self.p:.2g})"
        )
        if self.designs == 1:
            return f"{text}. One design: this says nothing about other designs"
        if self.smallest_p > SURE:
            return f"{text}. With {self.designs} designs p cannot be below {self.smallest_p:.2g}: a hint, not a proof"
        return text if self.p <= SURE else f"{text}. The two are not shown to differ"


def held_out(wish: Wish, trials: CandidateTrials, first: Texts, best: Texts) -> HeldOut:
    """Play both strategies on the held-out designs.

    Raises:
        DvAgentError: a trial failed for a reason that is not a strategy's.
    """
    items = wish.items("held_out")
    before, after = trials.outcomes(first, items, False), trials.outcomes(best, items, False)
    return figures(tuple(
        HeldOutTrial(design=item.design, seed=item.seed, before=100 * one.score, after=100 * other.score)
        for item, one, other in zip(items, before, after, strict=True)
    ))  # fmt: skip


def figures(pairs: tuple[HeldOutTrial, ...]) -> HeldOut:
    """Return the figures of at least one pair."""
    names = list(dict.fromkeys(one.design for one in pairs))
    groups = {name: [one for one in pairs if one.design == name] for name in names}
    found = compare({name: tuple(one.after - one.before for one in group) for name, group in groups.items()})
    assert found is not None
    return HeldOut(
        trials=pairs, designs=len(names), difference=found.mean, p=found.p, smallest_p=found.smallest_p,
        before=_mean([_mean([one.before for one in group]) for group in groups.values()]),
        after=_mean([_mean([one.after for one in group]) for group in groups.values()]),
        low=found.interval.low if found.interval else None, high=found.interval.high if found.interval else None,
    )  # fmt: skip


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
