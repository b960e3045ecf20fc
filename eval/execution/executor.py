"""The seam Executor: where trials are executed. Shipped: processes of this machine, and Dask."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.trial_run import TrialTask


class Executor(Protocol):
    """Takes tasks and gives events. Used as a context: its workers end with it."""

    def free(self) -> int:
        """How many more tasks it takes now."""
        ...

    def start(self, task: TrialTask) -> None:
        """Begin a trial; only if `free`."""
        ...

    def events(self, seconds: float) -> list[Event]:
        """What happened since the last call; waits at most `seconds` if nothing did.

        Of every task exactly one event is the last one.
        """
        ...

    def ask_to_stop(self) -> None:
        """Ask all trials to stop after the present turn."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
