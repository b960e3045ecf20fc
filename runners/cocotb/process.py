"""One simulator process, seen from the parent: start it, send programs to it, handle its end."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dv_agent.designs.files.scratch import new_scratch
from dv_agent.errors import OutputError, SimulatorCrash, SimulatorLost, SimulatorTimeout
from dv_agent.runners.cocotb.deaths import Cause, Death
from dv_agent.runners.cocotb.framing import RECORDING_HEADER, receive, send
from dv_agent.runners.sandbox import ended_by, sandboxed

START_SECONDS = 60.0
CLOSE_SECONDS = 10.0
LOG_BYTES = 1 << 24
WAVES_BYTES = 1 << 32
_LOG_TAIL = 4000  # bytes of the log that are read for the last words
_LAST_LINES = 8
_KEPT = 1 << 22  # bytes of the recording that stay for the next test
_LOG_HEAD = 1 << 18  # bytes of the log in which the RTL's messages are looked for
# The first watchdog counts CPU seconds inside the simulator. This one, for a process that sleeps, must never expire
# before it on a busy machine.
_PATIENCE = 12


class SimulatorProcess:
    """A running simulator, in its own process group, with its output in a log file.

    Args:
        command: the command line to run.
        environment: all of its variables, without the configuration.
        layout: the layout file that the child reads.
        hang_seconds: CPU seconds that 256 clock cycles may take.
        fork: whether it plays many programs (each in a forked copy), or plays one and ends.
        writable: folders that it may write into, besides its own.

    Raises:
        SimulatorCrash, SimulatorTimeout: it did not start.
        SimulatorLost: it was killed by a signal before the first clock cycle.
        OutputError: there is no room for its files.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        layout: Path,
        hang_seconds: float,
        fork: bool,
        writable: Sequence[Path] = (),
    ) -> None:
        self._patience = _PATIENCE * hang_seconds
        self._fork = fork
        self._folder = new_scratch()
        self._log = self._folder / "simulator.log"
        self._recording = os.memfd_create("recording")
        self._room = 0  # its size in bytes
        self._connection, theirs = socket.socketpair()
        config = {
            "layout": str(layout), "socket": theirs.fileno(), "recording": self._recording,
            "hang_seconds": hang_seconds, "fork": fork,
        }  # fmt: skip
        seen = None if fork else _needed(command, environment, layout)
        walled = sandboxed(command, (self._folder, *writable), LOG_BYTES if fork else WAVES_BYTES, seen)
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                walled, env={**environment, "DV_AGENT_CHILD": json.dumps(config)}, cwd=self._folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(theirs.fileno(), self._recording),
                start_new_session=True,
            )  # fmt: skip
        # Runs at close, when the object is garbage-collected, and when the interpreter ends.
        self._end = weakref.finalize(
            self, _end, self._process, self._connection, self._recording, self._folder, os.getpid()
        )
        try:
            self._greet()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Id of the process (and process group) of the simulator."""
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Its working folder."""
        return self._folder

    @property
    def alive(self) -> bool:
        """Whether it can take another program."""
        return self._end.alive and self._process.poll() is None

    def play(self, program: dict[str, Any], width: int) -> tuple[dict[str, Any], bytes]:
        """Send a program to the simulator and wait for its end.

        Args:
            width: bytes of a recorded row.

        Returns:
            The reply, and the rows recorded. If the process ended, the reply holds ``died``, with the
            ``signal`` that killed it, whether it ``stalled``, and whether it is ``lost``; see `Death`.

        Raises:
            OutputError: a limit of this machine leaves no room for the recording.
        """
        self._make_room(RECORDING_HEADER + width * int(program["max_cycles"]))
        try:
            send(self._connection, program)
            reply = self._await_reply()
            if reply.get("again"):
                self._make_room(RECORDING_HEADER + width * int(program["max_cycles"]))
                send(self._connection, program)
                reply = self._await_reply()
        except (OSError, ValueError):  # connection closed, or an incomplete reply
            reply = self._broken_off()
        except BaseException:
            self.kill()
            raise
        size = self._rows() * width
        rows = os.pread(self._recording, size, RECORDING_HEADER)
        while len(rows) < size:  # one read returns 2 GB at most
            rows += os.pread(self._recording, size - len(rows), RECORDING_HEADER + len(rows))
        return reply, rows

    def printed(self) -> str:
        """Return what the simulator has printed since its start, or since the last program was sent; the beginning."""
        try:
            with self._log.open("rb") as log:
                return log.read(_LOG_HEAD).decode(errors="replace")
        except OSError:
            return ""

    def last_words(self) -> str:
        """Return the last lines that the simulator printed."""
        try:
            text = self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(line.rstrip() for line in text.splitlines()[-_LAST_LINES:])

    def finish(self) -> dict[str, Any]:
        """Wait until a process with ``fork=False`` has ended by itself (and written its waveform).

        Returns:
            Empty, or, if it was killed meanwhile, the reply of `play` for a death.
        """
        code = self._wait()
        number = ended_by(code) if code is not None else None
        return {"died": True, "signal": number} if number else {}

    def kill(self) -> None:
        """End the whole process group at once; may be called twice."""
        self._end()

    def _greet(self) -> None:
        self._connection.settimeout(START_SECONDS)
        try:
            receive(self._connection)
        except TimeoutError:
            words = self.last_words()
            raise SimulatorTimeout(
                f"the simulator did not reach the first clock cycle within {START_SECONDS:.0f} s\n{words}".rstrip()
            ) from None
        except (OSError, ValueError):
            code = self._wait()
            words = self.last_words()
            death = Death(signal=ended_by(code or 0) or 0, lost=code is None)
            kind = SimulatorLost if death.cause is Cause.OUTSIDE else SimulatorCrash
            status = "" if death.signal else f" (status {code})"
            raise kind(f"the simulator {death} before the first clock cycle{status}\n{words}".rstrip()) from None
        self._connection.settimeout(START_SECONDS)

    def _make_room(self, size: int) -> None:
        try:
            # A small recording keeps its pages, which cost more than the rows of a short test.
            if self._room > _KEPT:
                os.ftruncate(self._recording, 0)
                self._room = 0
            if self._room < size:
                os.ftruncate(self._recording, size)
                self._room = size
            os.pwrite(self._recording, bytes(RECORDING_HEADER), 0)
            # The child opened it for appending, so its next output starts at the beginning of the file again.
            os.truncate(self._log, 0)
        except OSError as error:
            hint = "; `ulimit -f` is too small" if error.errno == errno.EFBIG else ""
            raise OutputError(f"no room for a recording of {size:,} bytes: {error.strerror}{hint}") from None

    def _wait(self) -> int | None:
        """Return the exit status, negative for a signal; None if the process does not end."""
        try:
            return self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return None

    def _broken_off(self) -> dict[str, Any]:
        code = self._wait()
        if code is None:
            self.kill()
        # A process that forks does not simulate while its copies do, so the design cannot end it.
        lost = self._fork or code is None
        return {"died": True, "signal": ended_by(code or 0) or 0, "lost": lost}

    def _rows(self) -> int:
        return int.from_bytes(os.pread(self._recording, 8, 0), "little")

    def _await_reply(self) -> dict[str, Any]:
        rows, changed = -1, time.monotonic()
        while not select.select([self._connection], [], [], 0.5)[0]:
            now, seen = time.monotonic(), self._rows()
            if seen != rows:
                rows, changed = seen, now
            elif now - changed > self._patience:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()
                return {"died": True, "stalled": True}
        reply = receive(self._connection)
        if not isinstance(reply, dict):
            raise ValueError("not an answer")
        return reply


def _needed(command: Sequence[str], environment: Mapping[str, str], layout: Path) -> list[Path]:
    """Return the paths that a simulator reads."""
    words = [Path(word) for word in command if os.path.isabs(word)]
    roots = [Path(root) for root in environment.get("PYTHONPATH", "").split(os.pathsep) if root]
    return [layout.parent, *words, *roots, Path(sys.prefix), Path(sys.base_prefix), *map(Path, sys.path[1:])]


def _end(process: subprocess.Popen[bytes], connection: socket.socket, recording: int, folder: Path, owner: int) -> None:
    if os.getpid() != owner:
        # A fork of the owner drops its copy of this object, but must not kill the simulator.
        return
    connection.close()
    # Its copies are in the same process group, which exists longer than its leader.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    os.close(recording)
    shutil.rmtree(folder, ignore_errors=True)
