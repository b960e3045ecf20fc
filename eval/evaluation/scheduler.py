"""The scheduler of an evaluation: selects trials to reuse, starts the others, and collects their records."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dv_agent.eval.evaluation.caps import Caps, Gate
from dv_agent.eval.evaluation.data_model import Evaluation, Trial, TrialFailure, TrialRecord
from dv_agent.eval.evaluation.trial_folder import TRIAL, read_trial, reusable, write_atomically
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.executor import Executor
from dv_agent.eval.execution.trial_run import TrialTask

TICK_SECONDS = 0.2
BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ReuseChoice:
    """Options for trials that were executed before."""

    redo: bool = False
    retry_errors: bool = False


@dataclass(frozen=True, slots=True)
class EvaluationOutcome:
    """The result of executing an evaluation.

    Attributes:
        records: trial id -> record of every trial that ended, now or before.
        reused: number of trials that were reused.
        open: ids of the trials that have not ended.
        interrupted: whether a stop was requested.
        capped: the cap that stopped trials from starting, if any.
    """

    records: Mapping[str, TrialRecord]
    reused: int
    open: tuple[str, ...]
    interrupted: bool
    capped: str = ""


class EvaluationWatcher(Protocol):
    """Protocol that receives progress while an evaluation runs."""

    def begin(self, trials: Sequence[Trial], reused: Mapping[str, TrialRecord]) -> None:
        """Receive all trials, and the ones that are reused."""
        ...

    def started(self, trial: Trial) -> None:
        """Receive that a trial starts."""
        ...

    def event(self, event: Event) -> None:
        """Receive an event of a trial."""
        ...

    def tick(self) -> None:
        """Receive a periodic call, even without events."""
        ...


@dataclass
class _RunningTrials:
    """Mutable state of the scheduler: waiting, running and ended trials."""

    waiting: deque[TrialTask]
    records: dict[str, TrialRecord]
    running: dict[str, TrialTask] = field(default_factory=dict)
    later: list[tuple[float, TrialTask]] = field(default_factory=list)
    interrupted: bool = False
    capped: str = ""

    @property
    def over(self) -> bool:
        if self.running or self.interrupted:
            return not self.running
        held = bool(self.capped) and all(task.trial.entry.model for task in self.waiting)
        return not self.later and (held or not self.waiting)


def run_trials(
    evaluation: Evaluation,
    folder: Path,
    executor: Executor,
    audience: EvaluationWatcher,
    choice: ReuseChoice,
    caps: Caps,
    asked: Callable[[], bool] = lambda: False,
) -> EvaluationOutcome:
    """Execute the trials that are left to do.

    Args:
        asked: polled; once it returns True, everything stops after the current turns.

    Raises:
        OutputError: a record cannot be written.
    """
    tasks = _tasks(evaluation, folder, choice)
    reused = {task.trial.id: record for task in tasks if (record := _done(task))}
    stage = _RunningTrials(deque(task for task in tasks if task.trial.id not in reused), dict(reused))
    asking = sum(task.trial.entry.model is not None for task in stage.waiting)
    gate = Gate(caps, folder, min(executor.free(), asking))
    audience.begin(evaluation.trials, reused)
    while not stage.over:
        if asked() and not stage.interrupted:
            stage.interrupted = True
            executor.ask_to_stop()
        if not stage.interrupted:
            _start(stage, executor, gate, audience)
        for event in executor.events(TICK_SECONDS):
            _heard(stage, event, gate)
            audience.event(event)
        audience.tick()
    ids = [trial.id for trial in evaluation.trials]
    left = tuple(name for name in ids if name not in stage.records)
    return EvaluationOutcome(stage.records, len(reused), left, stage.interrupted, stage.capped)


def trial_folder(folder: Path, trial: Trial) -> Path:
    """Return the folder of a trial of the evaluation in `folder`."""
    return folder / "trials" / trial.id


def _tasks(evaluation: Evaluation, folder: Path, choice: ReuseChoice) -> list[TrialTask]:
    checksums = {one.design: one.checksum for one in evaluation.identity.designs}
    return [
        TrialTask(
            trial=trial, folder=trial_folder(folder, trial).absolute(), checksum=checksums[trial.design],
            hunt=evaluation.hunts(trial), redo=choice.redo, retry_errors=choice.retry_errors,
        )
        for trial in evaluation.trials
    ]  # fmt: skip


def _done(task: TrialTask) -> TrialRecord | None:
    if task.redo:
        return None
    return reusable(task.folder, task.trial, task.checksum, task.retry_errors, task.hunt)


def _start(stage: _RunningTrials, executor: Executor, gate: Gate, audience: EvaluationWatcher) -> None:
    now = time.monotonic()
    stage.waiting.extend(task for due, task in stage.later if due <= now)
    stage.later = [(due, task) for due, task in stage.later if due > now]
    held: list[TrialTask] = []
    while stage.waiting and executor.free() > 0:
        task = stage.waiting.popleft()
        if record := _done(task):  # executed meanwhile by another command
            stage.records[task.trial.id] = record
            audience.event(Event(trial=task.trial.id, kind="done", record=record))
            continue
        verdict = gate.may_start(task.trial, [one.trial for one in stage.running.values()])
        if verdict == "never":
            stage.capped = gate.reason
        if verdict != "now":
            held.append(task)
            continue
        stage.running[task.trial.id] = task
        executor.start(task.model_copy(update={"requests_per_minute": gate.pace(task.trial)}))
        audience.started(task.trial)
    stage.waiting.extendleft(reversed(held))


def _heard(stage: _RunningTrials, event: Event, gate: Gate) -> None:
    if not event.last:
        return
    task = stage.running.pop(event.trial)
    if event.kind == "busy":
        stage.later.append((time.monotonic() + BUSY_SECONDS, task))
    elif event.kind == "lost":
        stage.records[event.trial] = _lost(task, event.words)
    elif event.record:
        stage.records[event.trial] = event.record
    gate.ended(task)


def _lost(task: TrialTask, words: str) -> TrialRecord:
    """Return the record of a trial whose worker died or hung: an infrastructure failure, so the next command
    executes it again.
    """
    before = read_trial(task.folder)
    failure = TrialFailure(kind="infrastructure", error="WorkerLost", message=words)
    attempts, earlier = (before.attempts, before.earlier) if before else (1, ())
    record = TrialRecord(
        trial=task.trial, status="failed", failure=failure, attempts=attempts, earlier=earlier, identity=task.checksum
    )  # fmt: skip
    write_atomically(task.folder / TRIAL, record)
    return record
