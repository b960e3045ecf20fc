"""How much an evaluation is before anything of it runs."""

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

# Cycles a second on one core of a machine of 2024, designs of a thousand lines; only to say minutes or hours.
_CYCLES_PER_SECOND = 12_000
_SECONDS_PER_CALL = 20
_HUNT = 3.3  # times the run itself, in the mean over 99 trials of the suite
_SHARE = {"null": 0.01, "oracle": 0.1}  # of the cycles; they end early


class Estimate(Frozen):
    """What it may come to at most.

    Attributes:
        left: trials that are not there yet.
        calls: of models, at most.
        usd: at most; None where neither a budget nor a known price bounds it.
        seconds: of machine time, very roughly.
    """

    trials: int
    left: int
    with_model: int
    calls: int
    usd: float | None
    seconds: float
    folder: Path

    def text(self) -> str:
        """For people."""
        usd = "unknown: no price for a model, and no --max-usd" if self.usd is None else f"{self.usd:,.2f} US dollars"
        return (
            f"{counted(self.trials, 'trial')}, {self.left} of them to do, {self.with_model} of these with a model\n"
            f"calls of models: {self.calls:,} at most\n"
            f"cost: {usd}{' at most' if self.usd else ''}\n"
            f"time: very roughly {max(1, round(self.seconds / 60)):,} minutes\n"
            f"folder: {self.folder}"
        )


def estimate(evaluation: Evaluation, folder: Path, jobs: int, redo: bool, retry_errors: bool) -> Estimate:
    """What is left to do of `evaluation`; asks nobody.

    Args:
        jobs: trials at a time.
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
    """The trials that a command would execute."""
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
    """Whether the models of `trials` can be asked from here: their packages, keys and settings; asks nobody.

    Raises:
        PrerequisiteError: a package or a key is missing.
        UsageError: a setting that a provider does not know.
    """
    for model in {trial.entry.digest: trial.entry.model for trial in trials}.values():
        if model:
            endpoint_of(model).require(model)


def _seconds(trial: Trial, hunts: bool) -> float:
    cycles = (trial.budget.cycles or 0) * _SHARE.get(trial.entry.agent, 1.0)
    calls = (trial.budget.calls or 0) if trial.entry.model else 0
    return cycles / _CYCLES_PER_SECOND * (1 + _HUNT * hunts) + calls * _SECONDS_PER_CALL


def _usd(trial: Trial) -> float | None:
    """The bound of the budget, or that of a full context at each call, whichever is less."""
    model = trial.entry.model
    assert model is not None
    full = _full_call(model)
    bounds = [trial.budget.usd, None if full is None else full * (trial.budget.calls or 0)]
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None


def _full_call(model: ModelSettings) -> float | None:
    from dv_agent.agents.models.costs.prices import price

    reply = model.max_tokens or model.reply_tokens
    usage = CallUsage(input_tokens=model.context_tokens - model.reply_tokens, output_tokens=reply)
    return price(usage, endpoint_of(model))
