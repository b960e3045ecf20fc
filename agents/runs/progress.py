"""Who is told how a run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.state import RunState
from dv_agent.agents.turn import TestRecord, TurnRecord


class RunWatcher(Protocol):
    """Receives progress events of a run."""

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """The run starts, or resumes, with this header."""
        ...

    def test(self, record: TestRecord) -> None:
        """A test was simulated."""
        ...

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """A turn ended."""
        ...

    def say(self, words: str) -> None:
        """Something else takes time, such as waiting for a model or a replay."""
        ...

    def stop(self) -> None:
        """There will be no more progress events."""
        ...


class Unwatched:
    """Shows nothing of a run."""

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """See `RunWatcher`."""

    def test(self, record: TestRecord) -> None:
        """See `RunWatcher`."""

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """See `RunWatcher`."""

    def say(self, words: str) -> None:
        """See `RunWatcher`."""

    def stop(self) -> None:
        """See `RunWatcher`."""
