"""Exclusive lock on a results folder, for processes on this machine or on others that share its file system."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dv_agent.designs.files.documents import read_text
from dv_agent.errors import InputFileError, OutputError, UsageError

LOCK = ".lock"
_WITHOUT_END = -1


class Taken(UsageError):
    """Another process holds the lock.

    Args:
        folder: the locked folder.
        owner: the process that holds the lock.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder, self.owner = folder, owner
        super().__init__(f"{folder} is in use by {owner}; wait for that process or end it, then give the command again")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.folder, self.owner)


@contextmanager
def owned(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock of `folder`, which must exist.

    The kernel (over NFS: its lock manager) releases the lock when its owner ends for any reason, so no lock outlives
    its owner. The lock file names the owner for users; it goes with the lock.

    Args:
        wait: wait until the lock is free. Then the file stays, since others may wait for this very file.

    Raises:
        Taken: another process holds it.
        OutputError: the folder cannot be written, or its file system has no locks.
    """
    path = folder / LOCK
    lock = FileLock(
        path, timeout=_WITHOUT_END if wait else 0, mode=0o644, thread_local=False, fallback_to_soft=False,
        preserve_lock_file=True, on_acquired=_sign,
    )  # fmt: skip
    try:
        lock.acquire()
    except Timeout:
        raise Taken(folder, _owner(path)) from None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"cannot lock {path}: {reason}; choose another folder with --out") from None
    try:
        yield
    finally:
        if not wait:  # as long as the lock is held: whoever locks a file that is gone meanwhile begins anew
            with suppress(OSError):  # it stays where nothing can be deleted any more; no lock hangs on it
                path.unlink()
        lock.release()


def _sign(file: int) -> None:
    text = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)


def _owner(path: Path) -> str:
    try:
        data = json.loads(read_text(path))
        return f"process {int(data['pid'])} on {str(data['host'])[:100]!r}".replace("'", "")
    except (InputFileError, ValueError, KeyError, TypeError):
        return "another process"
