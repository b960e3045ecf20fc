"""A time limit for one attempt, which holds whatever the server does."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dv_agent.agents.models.pace import SLICE

T = TypeVar("T")


def start_in_thread(call: Callable[[], T], name: str) -> queue.SimpleQueue[T | BaseException]:
    """Start `call` in a new daemon thread; its result or exception is put into the returned queue."""
    results: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put(call())
        except BaseException as error:  # every exception is passed to the caller
            results.put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name=name, daemon=True).start()
    return results


def call_with_deadline(seconds: float, call: Callable[[], T]) -> T | Exception:
    """Return what `call` returned or raised, or a TimeoutError after `seconds`.

    HTTP clients limit the time between two bytes, not the total time: a server that sends a space now and then
    would block them for ever. The call therefore runs in a separate thread, which is abandoned when the time is
    over. Meanwhile this thread still reacts to Ctrl-C.
    """
    try:
        result = _came(start_in_thread(call, "model call"), seconds)
    except queue.Empty:
        return TimeoutError(f"no complete reply within {seconds:g} s")
    if isinstance(result, BaseException) and not isinstance(result, Exception):
        raise result
    return result


def _came(results: queue.SimpleQueue[T], seconds: float) -> T:
    """Return what comes within so many seconds; waits in slices, for the reason of `wait_out`."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > SLICE:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=SLICE)
    return results.get(timeout=max(left, 0.0))
