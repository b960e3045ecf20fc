"""Estimate of calls, cost and time of an evaluation before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dv_agent.agents.models.chat_model import CallUsage, ModelSettings
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.text.wording import counted
from dv_agent.eval.evaluation.data_model import Evaluation, Trial
from dv_agent.eval.evaluation.scheduler import trial_folder
from dv_agent.eval.evaluation.trial_folder import reusable

# Cycles a second on one core of a machine of 2024, designs of a thousand lines; only to tell minutes from hours.
_CYCLES_PER_SECOND = 12_000
_SECONDS_PER_CALL = 20
_HUNT = 3.3  # time of the bug hunt / time of the run: mean over 99 trials of the suite
_SHARE = {"null": 0.01, "oracle": 0.1}  # share of the cycles that these agents use, because they end early


class Estimate(Frozen):
    """Upper estimate of what an evaluation needs.

    Attributes:
        left: number of trials that are not done yet.
        calls: maximum number of model calls.
        usd: maximum cost in US dollars; None if neither a budget nor a known price limits it.
        seconds: machine time in seconds, a rough estimate.
    """

    trials: int
    left: int
    with_model: int
    calls: int
    usd: float | None
    seconds: float
    folder: Path

    def text(self) -> str:
        """Return the estimate as text."""
        usd = "unknown: no price for a model, and no --max-usd" if self.usd is None else f"{self.usd:,.2f} US dollars"
        return (
            f"{counted(self.trials, 'trial')}, {self.left} of them to do, {self.with_model} of these with a model\n"
            f"calls of models: {self.calls:,} at most\n"
            f"cost: {usd}{' at most' if self.usd else ''}\n"
            f"time: very roughly {max(1, round(self.seconds / 60)):,} minutes\n"
            f"folder: {self.folder}"
        )


def estimate(evaluation: Evaluation, folder: Path, jobs: int, redo: bool, retry_errors: bool) -> Estimate:
    """Return the estimate for the remaining trials of `evaluation`; sends no request.

    Args:
        jobs: number of trials that run at the same time.
    """
    left = left_to_do(evaluation, folder, redo, retry_errors)
    models = [trial for trial in left if trial.entry.model]
    prices = [_usd(trial) for trial in models]
    known = [price for price in prices if price is not None]
    return Estimate(
        trials=len(evaluation.trials), left=len(left), with_model=len(models),
        calls=sum(trial.budget.calls or 0 for trial in models),
        usd=sum(known) if len(known) == len(prices) else None,
        seconds=sum(_seconds(trial, evaluation.hunts(trial)) for trial in left) / jobs, folder=folder,
    )  # fmt: skip


def left_to_do(evaluation: Evaluation, folder: Path, redo: bool, retry_errors: bool) -> list[Trial]:
    """Return the trials that a command would execute."""
    checksums = {one.design: one.checksum for one in evaluation.identity.designs}
    return [
        trial
        for trial in evaluation.trials
        if redo
        or not reusable(
            trial_folder(folder, trial), trial, checksums[trial.design], retry_errors, evaluation.hunts(trial)
        )
    ]


def require_models(trials: Iterable[Trial]) -> None:
    """Check that the models of `trials` can be used here (packages, keys and settings); sends no request.

    Raises:
        PrerequisiteError: a package or a key is missing.
        UsageError: a setting that the provider does not have.
    """
    for model in {trial.entry.digest: trial.entry.model for trial in trials}.values():
        if model:
            endpoint_of(model).require(model)


def _seconds(trial: Trial, hunts: bool) -> float:
    cycles = (trial.budget.cycles or 0) * _SHARE.get(trial.entry.agent, 1.0)
    calls = (trial.budget.calls or 0) if trial.entry.model else 0
    return cycles / _CYCLES_PER_SECOND * (1 + _HUNT * hunts) + calls * _SECONDS_PER_CALL


def _usd(trial: Trial) -> float | None:
    """Return the smaller of the budget's limit and the cost of a full context at each call."""
    model = trial.entry.model
    assert model is not None
    full = full_call(model)
    bounds = [trial.budget.usd, None if full is None else full * (trial.budget.calls or 0)]
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None


def full_call(model: ModelSettings) -> float | None:
    """Return the price of one call with a full context, US dollars; None if it is not known."""
    from dv_agent.agents.models.costs.prices import price

    reply = model.max_tokens or model.reply_tokens
    usage = CallUsage(input_tokens=model.context_tokens - model.reply_tokens, output_tokens=reply)
    return price(usage, endpoint_of(model))
