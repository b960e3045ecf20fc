"""Caps over a whole evaluation. They only keep trials from starting: a trial that runs is bounded by its own budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dv_agent.designs.design import Frozen
from dv_agent.eval.running.execute import TrialTask
from dv_agent.eval.running.trial_folder import read_header
from dv_agent.eval.trials import Trial

Verdict = Literal["now", "later", "never"]


class Caps(Frozen):
    """Bounds on all trials with a model together; None is no bound.

    Attributes:
        calls_in_flight: trials with a model at a time; each has one call in flight at most.
        requests_per_minute: calls of all trials together, as far as the settings of their models bound them; a trial
            with a model that has no bound of its own counts as one call each second.
        usd: no trial starts once all trials of the evaluation together have cost so much. Which ones then did is a
            matter of the order in which they ended, and marked in the record.
    """

    calls_in_flight: int | None = None
    requests_per_minute: float | None = None
    usd: float | None = None


class Gate:
    """Decides which trial may start.

    Args:
        folder: of the evaluation; what its trials have cost already counts.
    """

    def __init__(self, caps: Caps, folder: Path) -> None:
        self._caps = caps
        self._usd: dict[str, float] = {}
        for path in sorted((folder / "trials").glob("*/run/run.json")) if caps.usd else ():
            if header := read_header(path.parent.parent):
                self._usd[path.parent.parent.name] = header.spent.usd

    @property
    def reason(self) -> str:
        """Why nothing starts any more."""
        return f"the cap of {self._caps.usd:g} US dollars is reached ({sum(self._usd.values()):.2f} were spent)"

    def may_start(self, trial: Trial, running: Sequence[Trial]) -> Verdict:
        """Whether `trial` may start beside those that run; one without a model always may."""
        if trial.entry.model is None:
            return "now"
        caps, models = self._caps, [one for one in running if one.entry.model]
        if caps.usd is not None and sum(self._usd.values()) >= caps.usd:
            return "never"
        if caps.calls_in_flight is not None and len(models) >= caps.calls_in_flight:
            return "later"
        if caps.requests_per_minute is not None and models:
            rates = sum(_rate(one) for one in (*models, trial))
            return "now" if rates <= caps.requests_per_minute else "later"
        return "now"

    def ended(self, task: TrialTask) -> None:
        """Count what a trial has cost."""
        if self._caps.usd is not None and (header := read_header(task.folder)):
            self._usd[task.trial.id] = header.spent.usd


def _rate(trial: Trial) -> float:
    model = trial.entry.model
    return (model.requests_per_minute or 60.0) if model else 0.0
