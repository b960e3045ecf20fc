"""Where mutants are built: in a cache of their own that stays for the next campaign, within a bound."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dv_agent.designs.files.documents import make_folders
from dv_agent.designs.files.places import cache_folder
from dv_agent.runners.build.cache import SHARED_SHELVES, private_cache
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import NATIVE, Simulator

CACHE = "DV_AGENT_CACHE"
ROOM = "mutants"
MOST_BYTES = 1 << 30


def simulator_of_mutants(name: str) -> Simulator:
    """Return a simulator for mutants; the native path does not compare itself with cocotb, which must be built too."""
    return NativeSimulator(share=0, quick=True) if name == NATIVE else find_simulator(name)


@contextmanager
def cached_in(folder: Path) -> Iterator[None]:
    """Let all builds of this context go to a cache of their own, which shares only what no design is part of.

    Raises:
        OutputError: it cannot be made.
    """
    before = os.environ.get(CACHE)
    made = private_cache(folder)
    os.environ[CACHE] = str(made)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE]
        else:
            os.environ[CACHE] = before


def shared_room() -> Path:
    """Return the cache of mutants, made smaller first if it has outgrown `MOST_BYTES`.

    Raises:
        OutputError: it cannot be made.
    """
    room = cache_folder() / ROOM
    make_folders(room)
    trim(room, MOST_BYTES)
    return room


def trim(room: Path, most: int) -> None:
    """Remove the builds that were made first until those left take at most `most` bytes."""
    builds = []
    for build in (one for shelf in room.iterdir() if shelf.name not in SHARED_SHELVES for one in shelf.iterdir()):
        with suppress(OSError):  # another campaign may remove the same
            size = sum(file.stat().st_size for file in build.rglob("*") if file.is_file())
            builds.append((build.stat().st_mtime, size, build))
    taken = sum(size for _, size, _ in builds)
    for _, size, build in sorted(builds):
        if taken <= most:
            return
        shutil.rmtree(build, ignore_errors=True)
        taken -= size
