"""Executor for a Dask cluster, whose workers must see the folder of the evaluation under the same path.

A trial runs as on one machine, in a dv-agent worker process beside its Dask worker, which can hang, crash and be
killed, and which takes the next trial there. If a Dask worker is lost, the scheduler gives its task to another one,
which resumes from the record that it finds.
"""

from __future__ import annotations

import importlib
import queue
import time
import uuid
from types import TracebackType
from typing import Any, Self

from dv_agent.errors import PrerequisiteError, UsageError
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.process_executor import LocalExecutor
from dv_agent.eval.execution.trial_run import TrialTask

CONNECT_SECONDS = 20
_POLL_SECONDS, _LOOK_SECONDS = 0.5, 2.0
INSTALL_DASK = 'pip install "dv-agent[dask]"'


class DaskExecutor:
    """Executor that sends trials to the Dask scheduler at `address`, at most as many at a time as its workers have
    threads.

    Raises:
        PrerequisiteError: the package distributed is not installed.
        UsageError: no Dask scheduler answers at `address`.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise PrerequisiteError("the package distributed, for --scheduler, is missing", INSTALL_DASK) from None
        try:
            self._client: Any = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"no Dask scheduler answers at {address}: {type(error).__name__}: {error}") from None
        self._topic = f"dv-agent-{uuid.uuid4().hex}"
        self._stop: Any = distributed.Event(self._topic, client=self._client)
        self._running: dict[str, Any] = {}
        self._news: queue.Queue[Event | None] = queue.Queue()  # None: look whether a task has ended
        from dv_agent.eval.execution.beside_dask import PLUGIN, TrialProcesses

        self._client.register_plugin(TrialProcesses(), PLUGIN)
        self._client.subscribe_topic(self._topic, self._told)

    def free(self) -> int:
        """See `Executor.free`."""
        threads: int = sum(self._client.nthreads().values())
        return threads - len(self._running)

    def start(self, task: TrialTask) -> None:
        """See `Executor.start`."""
        future = self._client.submit(
            perform_beside_dask, task.model_dump_json(), self._topic, key=f"{self._topic}-{task.trial.id}", pure=False
        )
        self._running[task.trial.id] = future
        future.add_done_callback(lambda _: self._news.put(None))

    def events(self, seconds: float) -> list[Event]:
        """See `Executor.events`."""
        heard: list[Event | None] = []
        try:
            heard.append(self._news.get(timeout=seconds))
            while True:
                heard.append(self._news.get_nowait())
        except queue.Empty:
            pass
        found = [event for event in heard if event and event.trial in self._running]
        for name, future in list(self._running.items()):
            if future.done():
                del self._running[name]
                found.append(_outcome(name, future))
        return found

    def ask_to_stop(self) -> None:
        """See `Executor.ask_to_stop`."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running:
            self._stop.set()
            self._client.cancel(list(self._running.values()))
        self._client.close()

    def _told(self, event: tuple[float, str]) -> None:
        self._news.put(Event.model_validate_json(event[1]))


def _outcome(name: str, future: Any) -> Event:
    """Return the last event of a trial, whatever the result of its Dask task."""
    if future.status == "finished":
        return Event.model_validate_json(future.result())
    error = future.exception() if future.status == "error" else None
    words = f"{type(error).__name__}: {error}" if error else f"the task was {future.status}"
    return Event(trial=name, kind="lost", words=words[:1_000])


def perform_beside_dask(task: str, topic: str) -> str:
    """Execute one trial in a process of its own, called inside a Dask worker; return its last event as JSON."""
    from dv_agent.eval.execution.beside_dask import PLUGIN

    distributed: Any = importlib.import_module("distributed")
    worker: Any = distributed.get_worker()
    trial, stop, last = TrialTask.model_validate_json(task), _Stop(distributed.Event(topic)), list[Event]()
    # A process that was asked to stop, or that was lost, takes no other trial.
    fit = lambda: not stop.told and last[0].kind != "lost"  # noqa: E731
    with worker.plugins[PLUGIN].one(trial.trial.design, fit) as executor:
        executor.start(trial)
        while not last:
            for event in executor.events(_POLL_SECONDS):
                if event.last:
                    last.append(event)
                else:
                    worker.log_event(topic, event.model_dump_json())
            stop.look(executor)
    return last[0].model_dump_json()


class _Stop:
    """The wish of the evaluation that its trials stop, looked at every two seconds."""

    def __init__(self, event: Any) -> None:
        self._event, self._looked, self.told = event, time.monotonic(), False

    def look(self, executor: LocalExecutor) -> None:
        """Pass it on, once."""
        if self.told or time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self._event.is_set():
            self.told = True
            executor.ask_to_stop()
