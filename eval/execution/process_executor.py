"""Executor that runs trials in processes of this machine."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from dv_agent.designs.files.scratch import sweep
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.process_family import kill_family
from dv_agent.eval.execution.trial_run import TrialTask

SILENCE_SECONDS = 900.0
FAREWELL_SECONDS = 10.0
_LAST_WORDS = 1_500  # bytes


class LocalExecutor:
    """Executor with at most `jobs` worker processes, each started when it is needed.

    Args:
        silence: seconds; a worker that sends no event for this long is considered hung and is killed with its children.
            The limit is longer for a slow model, as its settings allow.
    """

    def __init__(self, jobs: int, silence: float = SILENCE_SECONDS) -> None:
        self._jobs, self._silence = jobs, silence
        self._workers: list[_Worker] = []
        self._events: queue.Queue[tuple[_Worker, Event | None]] = queue.Queue()

    def free(self) -> int:
        """See `Executor.free`."""
        return self._jobs - sum(worker.task is not None for worker in self._workers)

    def start(self, task: TrialTask) -> None:
        """See `Executor.start`."""
        idle = [worker for worker in self._workers if worker.task is None]
        # Prefer a worker that had this design before: it still has its buggy copies.
        idle.sort(key=lambda worker: worker.design != task.trial.design)
        if idle and not idle[0].give(task):
            self._bury(idle[0])
            idle = []
        if not idle:
            self._workers.append(_Worker(self._events))
            self._workers[-1].give(task)

    def events(self, seconds: float) -> list[Event]:
        """See `Executor.events`."""
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._events.get(timeout=seconds))
            while True:
                found.append(self._events.get_nowait())
        events = [event for worker, news in found for event in self._heard(worker, news)]
        return events + [event for worker in self._silent() for event in self._lost(worker, "it told nothing for long")]

    def ask_to_stop(self) -> None:
        """See `Executor.ask_to_stop`."""
        for worker in self._workers:
            worker.signal(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._dismiss()
        for worker in list(self._workers):
            self._bury(worker)
        sweep()  # removes files left by workers that had to be killed

    def _dismiss(self) -> None:
        """Let all workers end by themselves within a limited time, so that they clean up."""
        for worker in self._workers:
            worker.dismiss()
        until = time.monotonic() + FAREWELL_SECONDS
        for worker in self._workers:
            worker.wait(max(until - time.monotonic(), 0))

    def _heard(self, worker: _Worker, news: Event | None) -> Iterator[Event]:
        if worker not in self._workers:
            return
        worker.heard = time.monotonic()
        if news is None:
            yield from self._lost(worker, "its process ended")
            return
        if news.last:
            worker.task = None
        yield news

    def _silent(self) -> list[_Worker]:
        now = time.monotonic()
        return [w for w in self._workers if w.task and now - w.heard > self._silence + _patience(w.task)]

    def _lost(self, worker: _Worker, why: str) -> Iterator[Event]:
        task = worker.task
        words = worker.last_words()
        self._bury(worker)
        if task is not None:
            yield Event(trial=task.trial.id, kind="lost", words=f"the worker was lost: {why}\n{words}".rstrip())

    def _bury(self, worker: _Worker) -> None:
        worker.kill()
        self._workers.remove(worker)


class _Worker:
    """One worker process. A thread reads its output; None in the queue marks the end of the output."""

    def __init__(self, events: queue.Queue[tuple[_Worker, Event | None]]) -> None:
        self.task: TrialTask | None = None
        self.design = ""
        self.heard = time.monotonic()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `kill`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dv_agent.eval.execution.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout, events), daemon=True).start()

    def give(self, task: TrialTask) -> bool:
        """Send a task; return False if the process has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(task.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return False
        self.task, self.design, self.heard = task, task.trial.design, time.monotonic()
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def last_words(self) -> str:
        """Return the end of its stderr."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), _LAST_WORDS, max(0, size - _LAST_WORDS)).decode(errors="replace")

    def dismiss(self) -> None:
        """Tell the worker that no more tasks will come."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait for the process to end, at most `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def kill(self) -> None:
        """Kill the process and all its descendants."""
        kill_family(self._process, self._log)

    def _read(self, lines: IO[bytes], events: queue.Queue[tuple[_Worker, Event | None]]) -> None:
        with lines:
            for line in lines:
                # A last line that was cut when the worker died is ignored.
                with contextlib.suppress(ValidationError):
                    events.put((self, Event.model_validate_json(line)))
        events.put((self, None))


def _patience(task: TrialTask) -> float:
    """Return the seconds that one call of the task's model may take at most, including all retries."""
    model = task.trial.entry.model
    return model.retry_seconds + model.timeout if model else 0.0
