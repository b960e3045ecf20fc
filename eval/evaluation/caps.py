"""Caps over a whole evaluation: they stop trials from starting; a running trial is limited only by its own budget."""

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
_ROUNDING = 1 + 1e-9  # tolerance: equal shares must sum to the cap


class Caps(Frozen):
    """Limits on all trials with a model together; None means no limit.

    Attributes:
        calls_in_flight: number of trials with a model that run at the same time; each has at most one call in flight.
        requests_per_minute: requests of all trials together. Each trial paces its requests to an equal share of it, or
            to the pace of its model if that is slower; the result of a trial does not depend on its pace.
        usd: US dollars; no trial starts once all trials of the evaluation together have cost this much. Which trials
            then ran depends on the order in which trials ended; the record says that the cap was reached.
    """

    calls_in_flight: int | None = None
    requests_per_minute: float | None = None
    usd: float | None = None


class Gate:
    """Gatekeeper of an evaluation: decides which trial may start, and with how many requests per minute.

    Args:
        folder: folder of the evaluation; the cost of its existing trials counts.
        places: number of trials that can run at the same time.
        clock: returns seconds, monotonic.
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
        """Return why no more trials start."""
        return f"the cap of {self._caps.usd:g} US dollars is reached ({sum(self._usd.values()):.2f} were spent)"

    def pace(self, trial: Trial) -> float | None:
        """Return the requests per minute that `trial` may make; None if the caps set no limit."""
        model = trial.entry.model
        if model is None or self._caps.requests_per_minute is None:
            return None
        share = self._caps.requests_per_minute / self._places
        return min(share, model.requests_per_minute or share)

    def may_start(self, trial: Trial, running: Sequence[Trial]) -> Verdict:
        """Return whether `trial` may start beside the running ones; a trial without a model always may."""
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
        """Add the cost of an ended trial; its share of the request rate is released one interval (60 s / pace)
        later.
        """
        if pace := self.pace(task.trial):
            self._resting.append((self._clock() + 60.0 / pace, pace))
        if self._caps.usd is not None and (header := read_header(task.folder)):
            self._usd[task.trial.id] = header.spent.usd
