"""One attempt ends in time, whatever the server does."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def start_in_thread(call: Callable[[], T], name: str) -> queue.SimpleQueue[T | BaseException]:
    """`call` in a daemon thread of its own; what it returns or raises comes in the queue."""
    results: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put(call())
        except BaseException as error:  # whatever it is, it belongs to the caller
            results.put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name=name, daemon=True).start()
    return results


def call_with_deadline(seconds: float, call: Callable[[], T]) -> T | Exception:
    """What `call` returned or raised, or a TimeoutError after `seconds`.

    HTTP clients bound the silence between two bytes, not the whole: a server that sends a blank now and then
    would hold them for ever. The call therefore runs in a thread of its own, which is left behind when the
    time is over. Meanwhile this thread stays open to Ctrl-C.
    """
    try:
        result = start_in_thread(call, "model call").get(timeout=seconds)
    except queue.Empty:
        return TimeoutError(f"no complete reply within {seconds:g} s")
    if isinstance(result, BaseException) and not isinstance(result, Exception):
        raise result
    return result
