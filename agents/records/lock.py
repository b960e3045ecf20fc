"""One owner at a time of a folder, on this machine or on any that shares its file system."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dv_agent.errors import OutputError

LOCK = ".lock"


class Taken(Exception):
    """Somebody else holds the lock; the message says who."""


@contextmanager
def owned(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock of `folder`, which must exist.

    The kernel (over NFS: its lock manager) gives the lock back when its owner ends, however that happens, so no lock
    outlives its owner. The file says who holds it, for people.

    Args:
        wait: until it is free.

    Raises:
        Taken: somebody else holds it.
        OutputError: the folder cannot be written, or its file system has no locks.
    """
    path = folder / LOCK
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    try:
        _lock(path, file, wait)
        _sign(file)
        yield
    finally:
        os.close(file)


def _lock(path: Path, file: int, wait: bool) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Taken(_owner(file)) from None
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise OutputError(f"cannot lock {path}: {error.strerror}") from None
        message = f"cannot lock {path}: its file system has no locks; choose another folder with --out"
        raise OutputError(message) from None


def _sign(file: int) -> None:
    text = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)


def _owner(file: int) -> str:
    try:
        data = json.loads(os.pread(file, 1000, 0) or b"{}")
        return f"process {data['pid']} on {data['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
