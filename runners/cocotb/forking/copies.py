"""Copies of the simulator process: the original waits at the first sample event and forks, tests run in copies.

A copy is forked before its first program arrives. It plays as many programs as it has lanes (see
`dv_agent.runners.build.lanes`), one after the other, each on a lane of its own that was never clocked before.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from dv_agent.runners.cocotb.framing import send

_SLOTS = 4096  # far more than copies that exist at a time
_NEXT = b"n"


class Stage(IntEnum):
    """How far a copy is with its current program."""

    WAITING = 0
    PLAYING = 1
    """On its first lane."""
    PLAYING_LATER = 2
    """On a later lane."""
    ANSWERING = 3


@dataclass(frozen=True)
class Progress:
    """What a copy tells the original: its stage, in shared memory, and a pipe, which ends with the copy."""

    stages: mmap.mmap
    slot: int
    pipe: int

    def is_at(self, stage: Stage) -> None:
        """Tell how far the copy is."""
        self.stages[self.slot] = stage

    def ask_for_next(self) -> None:
        """Tell that this copy will take no further program."""
        os.write(self.pipe, _NEXT)


@dataclass
class _Copy:
    """A copy as the original knows it; `replaced`: another one takes the next program."""

    process: int
    slot: int
    replaced: bool = False


def no_original() -> Progress:
    """Return the progress of a process that is no copy."""
    return Progress(mmap.mmap(-1, 1), 0, os.open(os.devnull, os.O_WRONLY))


def in_copies(connection: socket.socket) -> Progress:
    """Fork copies of this process, one after the other; returns only in the copies.

    The original stays in this function and ends with the parent.
    """
    original = _Original(connection)
    while True:
        progress = original.fork()
        if progress:
            return progress
        original.watch()


class _Original:
    """The process that forks."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stages = mmap.mmap(-1, _SLOTS)
        self._copies: dict[int, _Copy] = {}  # by their pipes
        self._ended: dict[int, int] = {}  # wait status of ended processes
        self._events = select.poll()
        # No event of the connection is requested, so only the hang-up of the parent is reported.
        self._events.register(connection, 0)
        self._forked = 0

    def fork(self) -> Progress | None:
        """Fork a copy; in the copy, return its progress."""
        self._reap()
        pipe, told = os.pipe()
        slot = self._forked % _SLOTS
        self._stages[slot] = Stage.WAITING
        process = os.fork()
        if not process:
            os.close(pipe)
            return Progress(self._stages, slot, told)
        os.close(told)
        self._forked += 1
        self._copies[pipe] = _Copy(process, slot)
        self._events.register(pipe, select.POLLIN)
        return None

    def watch(self) -> None:
        """Wait until another copy is needed. Ends with the parent."""
        while all(copy.replaced for copy in self._copies.values()) is False:
            for pipe, _ in self._events.poll():
                if pipe not in self._copies:
                    self._end()
                elif os.read(pipe, 1):
                    self._copies[pipe].replaced = True
                else:
                    self._bury(pipe)

    def _bury(self, pipe: int) -> None:
        """Handle the end of a copy; answer for one that died before it answered."""
        self._events.unregister(pipe)
        os.close(pipe)
        copy = self._copies.pop(pipe)
        stage = self._stages[copy.slot]
        if stage == Stage.WAITING and copy.replaced:  # all answered
            self._ended.pop(copy.process, None)
            return
        if stage not in (Stage.PLAYING, Stage.PLAYING_LATER):
            # Killed while it waited for a program (no reply is expected), or in the middle of its reply (which
            # cannot be completed). The parent notices the end and starts a new process.
            os._exit(1)
        status = self._ended.pop(copy.process) if copy.process in self._ended else os.waitpid(copy.process, 0)[1]
        send(self._connection, _death(stage, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0))

    def _reap(self) -> None:
        # Copies that answered end by themselves, while the parent already reads the reply.
        with contextlib.suppress(ChildProcessError):
            while True:
                copy, status = os.waitpid(-1, os.WNOHANG)
                if not copy:
                    break
                self._ended[copy] = status

    def _end(self) -> None:
        for copy in self._copies.values():
            os.kill(copy.process, signal.SIGKILL)
        os._exit(0)


def _death(stage: int, number: int) -> dict[str, Any]:
    # What was simulated before in the same copy must not matter, so only the end of a first program is believed.
    return {"again": True} if stage == Stage.PLAYING_LATER else {"died": True, "signal": number}
