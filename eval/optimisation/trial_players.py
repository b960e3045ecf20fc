"""Who plays the trials of a candidate: this process one after another, or worker processes several at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from dv_agent.agents.runs.launch import Stopper
from dv_agent.designs.text.wording import counted
from dv_agent.errors import SimulationError, UsageError
from dv_agent.eval.evaluation.data_model import TrialRecord
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.executor import Executor
from dv_agent.eval.execution.trial_run import Hunters, TrialInterrupted, TrialTask, TrialWatcher, execute_trial

TICK_SECONDS = 0.5


class TrialPlayer(Protocol):
    """Plays trials; who asks for the next record only then pays for it, if they are played one after another."""

    def play(self, tasks: Sequence[TrialTask]) -> Iterator[TrialRecord]:
        """Yield the record of each task, in the order of the tasks; no two of them are the same trial.

        Raises:
            TrialInterrupted: a stop was asked for.
            UsageError: another process plays one of these trials.
            SimulationError: a worker process was lost.
        """
        ...


class OneAtATime:
    """Plays trials in this process, one after another.

    Args:
        watcher: is told how each trial goes on.
        stopper: can end a trial between two turns.
    """

    def __init__(self, watcher: TrialWatcher, stopper: Stopper) -> None:
        self._watcher, self._stopper = watcher, stopper

    def play(self, tasks: Sequence[TrialTask]) -> Iterator[TrialRecord]:
        """See `TrialPlayer`."""
        for task in tasks:
            if self._stopper.asked():
                raise TrialInterrupted
            with Hunters() as hunters:
                yield execute_trial(task, self._watcher, self._stopper, hunters)


class SideBySide:
    """Plays trials by an executor, as many at a time as it takes.

    Args:
        executor: entered by whoever made it.
        watcher: is told how many trials have ended.
        stopper: can end the trials, each after its present turn.
    """

    def __init__(self, executor: Executor, watcher: TrialWatcher, stopper: Stopper) -> None:
        self._executor, self._watcher, self._stopper = executor, watcher, stopper
        self._waiting: list[TrialTask] = []
        self._running: set[str] = set()
        self._records: dict[str, TrialRecord] = {}

    def play(self, tasks: Sequence[TrialTask]) -> Iterator[TrialRecord]:
        """See `TrialPlayer`; the trials behind one that failed are played too."""
        self._waiting, self._records = list(tasks), {}
        for task in tasks:
            while task.trial.id not in self._records:
                self._go_on()
                self._watcher.say(f"{len(self._records)} of {counted(len(tasks), 'trial')} ended")
            yield self._records[task.trial.id]

    def _go_on(self) -> None:
        """Start what can be started, and hear what ends; ask all to stop if that was asked for, and wait for them."""
        if self._stopper.asked():
            self._executor.ask_to_stop()
            while self._running:
                self._hear()
            raise TrialInterrupted
        while self._waiting and self._executor.free() > 0:
            task = self._waiting.pop(0)
            self._running.add(task.trial.id)
            self._executor.start(task)
        self._hear()

    def _hear(self) -> None:
        for event in self._executor.events(TICK_SECONDS):
            if event.last:
                self._running.discard(event.trial)
                self._end(event)

    def _end(self, event: Event) -> None:
        if event.kind == "busy":
            raise UsageError(event.words)
        if event.kind == "lost":
            raise SimulationError(f"{event.trial}: {event.words}\n  the same command goes on")
        if event.record:
            self._records[event.trial] = event.record
