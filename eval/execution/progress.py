"""From the watcher of a run to events, a few each second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.state import RunState
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.eval.execution.events import Event

EVERY_SECONDS = 0.5


class EventWatcher:
    """A watcher of trial `trial` that sends events."""

    def __init__(self, trial: str, send: Callable[[Event], None]) -> None:
        self._trial, self._send, self._sent = trial, send, 0.0
        self._cycles = self._tests = self._hit = self._bins = 0

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """The run begins, or goes on."""
        self._cycles, self._tests, self._hit, self._bins = header.spent.cycles, header.tests, header.bins_hit, bins
        self._progress(always=True)

    def test(self, record: TestRecord) -> None:
        """Count a test."""
        self._cycles += record.cycles
        self._tests += 1
        self._hit += len(record.new_bins)
        self._progress()

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """A turn ended; what is recorded counts."""
        self._cycles, self._tests, self._hit = state.spent.cycles, state.tests, turn.bins_hit
        self._progress()

    def say(self, words: str) -> None:
        """Something else takes time."""
        self._send(Event(trial=self._trial, kind="say", words=words[:300]))

    def hunting(self, bug: str) -> None:
        """The next seeded bug."""
        self._send(Event(trial=self._trial, kind="hunting", words=bug))

    def stop(self) -> None:
        """The run ended: tell where it came to. Its kills come next."""
        self._progress(always=True)

    def _progress(self, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self._sent > EVERY_SECONDS:
            self._sent = now
            self._send(
                Event(trial=self._trial, kind="progress", cycles=self._cycles, tests=self._tests, bins_hit=self._hit,
                      bins=self._bins)
            )  # fmt: skip
