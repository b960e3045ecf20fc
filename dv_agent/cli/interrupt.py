"""Handling of Ctrl-C, SIGTERM and SIGHUP: the first ends a run after the current turn, the second immediately."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from dv_agent.cli.terminal import complain
from dv_agent.errors import ExitCode

Handler = Callable[[int, FrameType | None], None]
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Ended(SystemExit):
    """The exit on SIGTERM or SIGHUP where no work is finished first; open resources are closed as it propagates."""

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number).name
        super().__init__(int(ExitCode.INTERRUPTED))


def heed_signals() -> None:
    """Make SIGTERM and SIGHUP raise `Ended` in the main thread; signals that are ignored (nohup) stay ignored."""
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    atexit.register(_disregard)


class Interrupt:
    """A context in which the first SIGINT, SIGTERM or SIGHUP sets a flag, and the second raises KeyboardInterrupt.

    Args:
        what: the work that is finished first, for the message.
    """

    def __init__(self, what: str = "this turn") -> None:
        self._what = what
        self._asked = False
        self._handlers = contextlib.ExitStack()

    def asked(self) -> bool:
        """Whether the run must end after the current turn."""
        return self._asked

    def __enter__(self) -> Self:
        self._handlers.enter_context(handled(self._handle))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handlers.close()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        tell(f"\ndv-agent: ending after {self._what}; {again(number)} ends it now")


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Within this context call `handler` on SIGINT, SIGTERM and SIGHUP; no effect outside the main thread."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, *_ENDING):
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def again(number: int) -> str:
    """Return the words for sending the same signal again."""
    return "Ctrl-C again" if number == signal.SIGINT else f"{signal.Signals(number).name} again"


def tell(words: str) -> None:
    """Print on stderr; if the terminal is closed, all later output is discarded."""
    for file in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(file).st_mode) and not os.isatty(file):
                _silence(file)
    with contextlib.suppress(OSError):
        complain(words)


def _silence(file: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file)
    os.close(nowhere)


def _disregard() -> None:
    """Ignore signals while the interpreter shuts down: its default handlers would change the exit code."""
    for number in _ENDING:
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_IGN)


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)
