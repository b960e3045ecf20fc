"""Ctrl-C once ends a run after the turn, twice at once."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupt:
    """Within this context the first SIGINT sets a flag, the second raises KeyboardInterrupt.

    Args:
        what: is brought to its end first, for the message.
    """

    def __init__(self, what: str = "this turn") -> None:
        self._what = what
        self._asked = False
        self._before: Any = None

    def asked(self) -> bool:
        """Whether the run shall end after the present turn."""
        return self._asked

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        print(f"\ndv-agent: ending after {self._what}; Ctrl-C again ends it now", file=sys.stderr)
