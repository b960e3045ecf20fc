"""Conversion of the callbacks of a run into events, limited to a few per second."""

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
    """A run watcher that sends events for the trial with id `trial`."""

    def __init__(self, trial: str, send: Callable[[Event], None]) -> None:
        self._trial, self._send, self._sent = trial, send, 0.0
        self._cycles = self._tests = self._hit = self._bins = 0

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Receive that the run starts or resumes."""
        self._cycles, self._tests, self._hit, self._bins = header.spent.cycles, header.tests, header.bins_hit, bins
        self._progress(always=True)

    def test(self, record: TestRecord) -> None:
        """Count a test."""
        self._cycles += record.cycles
        self._tests += 1
        self._hit += len(record.new_bins)
        self._progress()

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Receive the end of a turn; the counts are taken from the recorded state."""
        self._cycles, self._tests, self._hit = state.spent.cycles, state.tests, turn.bins_hit
        self._progress()

    def say(self, words: str) -> None:
        """Report that something else takes time."""
        self._send(Event(trial=self._trial, kind="say", words=words[:300]))

    def hunting(self, bug: str) -> None:
        """Report the next seeded bug."""
        self._send(Event(trial=self._trial, kind="hunting", words=bug))

    def stop(self) -> None:
        """Report the final counts of the run; the bug hunt comes next."""
        self._progress(always=True)

    def _progress(self, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self._sent > EVERY_SECONDS:
            self._sent = now
            self._send(
                Event(trial=self._trial, kind="progress", cycles=self._cycles, tests=self._tests, bins_hit=self._hit,
                      bins=self._bins)
            )  # fmt: skip
