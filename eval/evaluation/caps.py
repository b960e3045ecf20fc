"""Caps over a whole evaluation. They keep trials from starting; one that runs is bounded by its own budget alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from dv_agent.designs.frozen import Frozen
from dv_agent.eval.evaluation.data_model import Trial
from dv_agent.eval.evaluation.trial_folder import read_header
from dv_agent.eval.execution.trial_run import TrialTask

Verdict = Literal["now", "later", "never"]
_ROUNDING = 1 + 1e-9  # equal shares add up to the whole


class Caps(Frozen):
    """Bounds on all trials with a model together; None is no bound.

    Attributes:
        calls_in_flight: trials with a model at a time; each has one call in flight at most.
        requests_per_minute: requests of all trials together. Each trial spaces its own to an equal share of it, or to
            the pace of its model if that is slower; what a trial finds out does not depend on its pace.
        usd: no trial starts once all trials of the evaluation together have cost so much. Which ones then did is a
            matter of the order in which they ended, and marked in the record.
    """

    calls_in_flight: int | None = None
    requests_per_minute: float | None = None
    usd: float | None = None


class Gate:
    """Decides which trial may start, and at which pace.

    Args:
        folder: of the evaluation; what its trials have cost already counts.
        places: trials that can run at a time.
        clock: seconds, monotonic.
    """

    def __init__(self, caps: Caps, folder: Path, places: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._caps, self._clock = caps, clock
        self._places = max(1, min(places, caps.calls_in_flight or places))
        self._resting: list[tuple[float, float]] = []
        self._usd: dict[str, float] = {}
        for path in sorted((folder / "trials").glob("*/run/run.json")) if caps.usd else ():
            if header := read_header(path.parent.parent):
                self._usd[path.parent.parent.name] = header.spent.usd

    @property
    def reason(self) -> str:
        """Why nothing starts any more."""
        return f"the cap of {self._caps.usd:g} US dollars is reached ({sum(self._usd.values()):.2f} were spent)"

    def pace(self, trial: Trial) -> float | None:
        """Requests a minute that `trial` may make; None where the caps do not say."""
        model = trial.entry.model
        if model is None or self._caps.requests_per_minute is None:
            return None
        share = self._caps.requests_per_minute / self._places
        return min(share, model.requests_per_minute or share)

    def may_start(self, trial: Trial, running: Sequence[Trial]) -> Verdict:
        """Whether `trial` may start beside those that run; one without a model always may."""
        if trial.entry.model is None:
            return "now"
        caps, models = self._caps, [one for one in running if one.entry.model]
        if caps.usd is not None and sum(self._usd.values()) >= caps.usd:
            return "never"
        if caps.calls_in_flight is not None and len(models) >= caps.calls_in_flight:
            return "later"
        if caps.requests_per_minute is not None:
            now = self._clock()
            self._resting = [(until, pace) for until, pace in self._resting if until > now]
            paces = [*(self.pace(one) or 0.0 for one in (*models, trial)), *(pace for _, pace in self._resting)]
            return "now" if sum(paces) <= caps.requests_per_minute * _ROUNDING else "later"
        return "now"

    def ended(self, task: TrialTask) -> None:
        """Count what a trial has cost; its share of the requests is free when its last request is old enough."""
        if pace := self.pace(task.trial):
            self._resting.append((self._clock() + 60.0 / pace, pace))
        if self._caps.usd is not None and (header := read_header(task.folder)):
            self._usd[task.trial.id] = header.spent.usd
