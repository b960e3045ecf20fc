"""One attempt ends in time, whatever the server does."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T | Exception:
    """What `call` returned or raised, or a TimeoutError after `seconds`.

    HTTP clients bound the silence between two bytes, not the whole: a server that sends a blank now and then
    would hold them for ever. The call therefore runs in a daemon thread of its own, which is left behind when the
    time is over. Meanwhile this thread stays open to Ctrl-C.
    """
    results: queue.SimpleQueue[T | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put(call())
        except Exception as error:  # whatever it is, it belongs to the caller
            results.put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="model call", daemon=True).start()
    try:
        return results.get(timeout=seconds)
    except queue.Empty:
        return TimeoutError(f"no complete reply within {seconds:g} s")
