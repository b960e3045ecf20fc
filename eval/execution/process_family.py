"""The processes below a process, and the end of all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import IO


def kill_family(process: subprocess.Popen[bytes], *pipes: IO[bytes]) -> None:
    """Kill a process and all its descendants, also those in other sessions, wait for it, and close its pipes."""
    family = [process.pid, *_descendants(process.pid)] if process.poll() is None else []
    for pid in family:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, *pipes):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()


def _descendants(pid: int) -> list[int]:
    try:
        lists = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    children = [int(word) for text in lists for word in text.split()]
    return [*children, *(lower for child in children for lower in _descendants(child))]
