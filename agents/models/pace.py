"""Spacing of the requests of one model in time, to stay below a vendor's rate limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SLICE = 0.1
"""Seconds that the thread that hears Ctrl-C blocks in one call."""


def wait_out(seconds: float) -> None:
    """Wait so many seconds; Ctrl-C ends it at once.

    It sleeps in slices, since one sleep is not ended by a signal that came just before it began.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, SLICE))


class RequestPace:
    """Pace that spaces requests evenly; threads that share it wait in a queue.

    Args:
        per_minute: maximum requests per minute; None means no spacing.
        clock: monotonic clock, in seconds.
        sleep: function that waits the given seconds.
    """

    def __init__(
        self,
        per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = wait_out,
    ) -> None:
        self._step = 60.0 / per_minute if per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._free = float("-inf")

    def delay(self) -> float:
        """Return the seconds until a request may start."""
        with self._lock:
            return max(self._free - self._clock(), 0.0)

    def wait(self, on_wait: Callable[[str, float], None]) -> None:
        """Take the next time slot and wait until it begins; waits of one second or more are reported to `on_wait`."""
        with self._lock:
            now = self._clock()
            seconds = max(self._free - now, 0.0)
            self._free = max(self._free, now) + self._step
        if seconds >= 1:
            on_wait(f"requests are spaced {self._step:.1f} s apart", seconds)
        if seconds > 0:
            self._sleep(seconds)
