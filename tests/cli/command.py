"""Calling the command line as a real process."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

CODE = "from dv_agent.cli.main import main; main()"
_FORKING = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import forked_command as f; f.main()"
# What is read when the program runs. Anything else may be read by an import, so it gets a fresh process.
_READ_LATE = ("DV_AGENT_", "OPENAI_", "TMPDIR", "PATH", "HOME")


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Ours without any setting of dv-agent or key of a vendor."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DV_AGENT_", "OPENAI_"))}
    return {**kept, **(extra or {})}


def call(
    *words: str, cwd: Path, env: dict[str, str] | None = None, seconds: float = 120, fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run ``dv-agent <words>`` to its end, which comes within so many seconds even on a busy machine.

    Args:
        fresh: start a Python for it, instead of a copy of one that has imported the program.
    """
    if not fresh and all(key.startswith(_READ_LATE) for key in env or {}):
        forking = _forking()
        if forking.lock.acquire(blocking=False):
            try:
                return forking.call(words, cwd, environment(env), seconds)
            finally:
                forking.lock.release()
    return subprocess.run(
        [sys.executable, "-c", CODE, *words], cwd=cwd, env=environment(env), capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip


def start(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start ``dv-agent <words>``."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *words], cwd=cwd, env=environment(env), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


class _Forking:
    """A process that has imported the program, and its copies, one at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _FORKING, str(theirs.fileno())], pass_fds=[theirs.fileno()], env=environment(),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    def close(self) -> None:
        self._ours.close()
        self._process.wait()

    def call(
        self, words: tuple[str, ...], cwd: Path, env: dict[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        until = time.monotonic() + seconds
        request = json.dumps({"words": words, "cwd": str(cwd), "env": env}).encode()
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        socket.send_fds(self._ours, [request], [out_end, err_end])
        os.close(out_end)
        os.close(err_end)
        copy = self._answer()
        read = _read_to_the_end((out, err), until)
        if read is None:
            os.kill(copy, signal.SIGKILL)
        code = self._answer()
        if read is None:
            raise subprocess.TimeoutExpired(list(words), seconds)
        stdout, stderr = (text.decode().replace("\r\n", "\n") for text in read)
        return subprocess.CompletedProcess(list(words), code, stdout, stderr)

    def _answer(self) -> int:
        answer = self._ours.recv(100)
        assert answer, f"the process that forks commands ended with {self._process.wait()}"
        return int(json.loads(answer))


def _read_to_the_end(pipes: tuple[int, int], until: float) -> tuple[bytes, bytes] | None:
    """Return what came from both; None if they are not closed in time."""
    found = {pipe: bytearray() for pipe in pipes}
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                some = os.read(key.fd, 1 << 16)
                found[key.fd] += some
                if not some:
                    waiting.unregister(key.fd)
        whole = not waiting.get_map()
    for pipe in pipes:
        os.close(pipe)
    return (bytes(found[pipes[0]]), bytes(found[pipes[1]])) if whole else None


@cache
def _forking() -> _Forking:
    made = _Forking()
    atexit.register(made.close)
    return made
