"""Processes for trials beside a Dask worker, kept from trial to trial with all that they imported and started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from distributed import Worker, WorkerPlugin

from dv_agent.eval.execution.process_executor import LocalExecutor

IDLE_SECONDS = 60.0
PLUGIN = "dv-agent-trial-processes"


class TrialProcesses(WorkerPlugin):
    """The processes of one Dask worker: one for each trial that runs there, whichever command it belongs to.

    A process that had no trial for `idle` seconds ends, and all end with the Dask worker. It is a plugin, so that a
    worker that joins later has it too. What is made in `setup` stays on the worker.
    """

    idempotent = True  # the one that a worker has already is kept, with its processes

    def __init__(self, idle: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle

    def setup(self, worker: Worker) -> None:
        """Begin without a process."""
        del worker
        self._lock = threading.Lock()
        self._idle: list[tuple[str, LocalExecutor, threading.Timer]] = []
        self._closed = False

    def teardown(self, worker: Worker) -> None:
        """End the idle processes, not waiting for them; the others end after their trial."""
        del worker
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for _, executor, timer in idle:
            timer.cancel()
            threading.Thread(target=_end, args=(executor,)).start()

    @contextmanager
    def one(self, design: str, fit: Callable[[], bool]) -> Iterator[LocalExecutor]:
        """Yield an executor for one trial, if possible the one that had this design before.

        Args:
            fit: whether it can take another trial afterwards.
        """
        executor = self._taken(design) or LocalExecutor(1)
        try:
            yield executor
        except BaseException as error:
            executor.__exit__(type(error), error, None)
            raise
        if not fit() or not self._kept(design, executor):
            _end(executor)

    def _taken(self, design: str) -> LocalExecutor | None:
        with self._lock:
            if not self._idle:
                return None
            place = next((place for place, one in enumerate(self._idle) if one[0] == design), -1)
            _, executor, timer = self._idle.pop(place)
        timer.cancel()
        return executor

    def _kept(self, design: str, executor: LocalExecutor) -> bool:
        timer = threading.Timer(self._idle_seconds, self._end_idle, (executor,))
        timer.daemon = True
        with self._lock:
            if self._closed:
                return False
            self._idle.append((design, executor, timer))
        timer.start()
        return True

    def _end_idle(self, executor: LocalExecutor) -> None:
        with self._lock:
            left = [one for one in self._idle if one[1] is not executor]
            found, self._idle = len(left) < len(self._idle), left
        if found:
            _end(executor)


def _end(executor: LocalExecutor) -> None:
    with executor:
        pass
