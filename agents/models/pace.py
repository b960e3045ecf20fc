"""Requests of one model are spaced, so that a vendor's rate limit is not met in the first place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RequestPace:
    """Spaces requests evenly; threads that share it queue up.

    Args:
        per_minute: most requests in a minute; None does not space them.
        clock: seconds, monotonic.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._step = 60.0 / per_minute if per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._free = float("-inf")

    def delay(self) -> float:
        """Seconds until a request may start."""
        with self._lock:
            return max(self._free - self._clock(), 0.0)

    def wait(self, on_wait: Callable[[str, float], None]) -> None:
        """Take the next slot and return when it begins; waits of a second or more are reported to `on_wait`."""
        with self._lock:
            now = self._clock()
            seconds = max(self._free - now, 0.0)
            self._free = max(self._free, now) + self._step
        if seconds >= 1:
            on_wait(f"requests are spaced {self._step:.1f} s apart", seconds)
        if seconds > 0:
            self._sleep(seconds)
