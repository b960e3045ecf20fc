"""Temporary folders whose names hold their owner, so that those of killed processes can be removed.

The owner is given by process id, start time of that process, and machine (the boot of the kernel and the namespace
of the process id). A folder of another machine, which may share the file system, is not removed, since its owner
cannot be checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dv_agent.errors import OutputError

PREFIX = "dv-agent-"
BUILDING = "building-"
_OWNER = re.compile(r"(?P<pid>\d{1,10})-(?P<start>\d{1,20})-(?P<machine>[0-9a-f]{8})-")
_STALE_SECONDS = 86_400.0  # no build takes a day: an older folder was left by a machine that lost power


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Provide a temporary folder that is removed at the end of the context.

    Raises:
        OutputError: it cannot be made.
    """
    folder = new_scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_scratch(room: Path | None = None, prefix: str = PREFIX) -> Path:
    """Make a temporary folder of this process, in `room` or the system's temporary folder; the caller removes it.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=f"{prefix}{_mark(os.getpid())}-", dir=room))
    except OSError as error:
        where = room or "any folder for temporary files; name another in TMPDIR"
        raise OutputError(f"cannot make a folder in {where}: {error.strerror or error}") from None


def sweep(room: Path | None = None, prefix: str = PREFIX) -> int:
    """Remove the temporary folders of this user whose owners have ended; return how many.

    Links are not followed, and what cannot be removed stays.
    """
    try:
        entries = list(os.scandir(room or tempfile.gettempdir()))
    except OSError:
        return 0
    left = [entry for entry in entries if entry.name.startswith(prefix) and _is_left(entry, prefix)]
    for entry in left:
        shutil.rmtree(entry.path, ignore_errors=True)
    return len(left)


def remove_own() -> None:
    """Remove the temporary folders of this process, at its end: a signal may have come before one was registered."""
    mark = f"{PREFIX}{_mark(os.getpid())}-"
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(tempfile.gettempdir())):
            if entry.name.startswith(mark) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str], prefix: str) -> bool:
    try:
        seen = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
        return False
    if prefix == BUILDING and time.time() - seen.st_mtime > _STALE_SECONDS:
        return True
    owner = _OWNER.match(entry.name.removeprefix(prefix))
    if not owner or owner["machine"] != _machine():
        return False
    return _start(int(owner["pid"])) != owner["start"]


def _mark(pid: int) -> str:
    return f"{pid}-{_start(pid)}-{_machine()}"


def _start(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot; empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _machine() -> str:
    """Return eight hexadecimal digits that differ between boots, containers and hosts."""
    words = [socket.gethostname()]
    with contextlib.suppress(OSError):
        words.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with contextlib.suppress(OSError):
        words.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:8]
