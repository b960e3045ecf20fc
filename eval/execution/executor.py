"""The protocol Executor: where trials are executed. Included: processes of this machine, and Dask."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.trial_run import TrialTask


class Executor(Protocol):
    """Executor of trials: accepts tasks and returns events. Use it as a context manager: its workers end with it."""

    def free(self) -> int:
        """Return how many more tasks it accepts now."""
        ...

    def start(self, task: TrialTask) -> None:
        """Start a trial; call it only if `free` is above 0."""
        ...

    def events(self, seconds: float) -> list[Event]:
        """Return the events since the last call; wait at most `seconds` if there are none.

        Each task has exactly one last event.
        """
        ...

    def ask_to_stop(self) -> None:
        """Ask all trials to stop after the current turn."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
