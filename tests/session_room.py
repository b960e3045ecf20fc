"""Folders that all workers of a session share, and what is made in them once."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def session_room(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return the folder of this name, the same one in each worker of the session, and in no other session."""
    own = factory.getbasetemp()
    room = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared" / name
    room.mkdir(parents=True, exist_ok=True)
    return room


def made_once(room: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder in `room` that `make` has filled: the first who asks makes it, others wait and only read it."""
    made, aside = room / "made", room / "aside"
    with (room / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(aside, ignore_errors=True)  # of one that failed
            aside.mkdir()
            make(aside)
            aside.rename(made)
    return made
