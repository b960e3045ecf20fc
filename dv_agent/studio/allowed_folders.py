"""Which folders the studio may read, and how a name in an address becomes a path.

An address never becomes part of a path. The folders are listed, and a name in an address is looked up among what was
found: what is not in the list does not exist, however it is spelled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dv_agent.errors import InputFileError, UnknownNameError

DEEPEST = 5
MOST = 5_000
RUN_MARK, BOARD_MARK = "run.json", "leaderboard.html"


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """The folders that the studio reads and writes; none of them need exist yet.

    Attributes:
        runs: run folders and boards, at most `DEEPEST` levels down.
        sessions: one folder a session.
        strategies: strategies and templates that are saved.
    """

    runs: Path
    sessions: Path
    strategies: Path

    def resolved(self) -> AllowedFolders:
        """The same without links in them, so that what is found below can be compared with them."""
        return AllowedFolders(self.runs.resolve(), self.sessions.resolve(), self.strategies.resolve())


def listed(root: Path, mark: str) -> dict[str, Path]:
    """Every folder below `root` that holds a file `mark`: its name relative to `root` -> its path.

    Links are not followed, hidden folders are passed over, and what holds a run is not searched for runs in it.
    """
    found: dict[str, Path] = {}
    for folder, inner, files in os.walk(root, followlinks=False):
        here = Path(folder)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and not (here / name).is_symlink())
        if mark in files and here != root:
            found[here.relative_to(root).as_posix()] = here
        if RUN_MARK in files or len(here.relative_to(root).parts) >= DEEPEST or len(found) >= MOST:
            inner.clear()
    return found


def chosen(kind: str, root: Path, mark: str, name: str, only: str = "") -> Path:
    """The folder below `root` called `name`, which holds nothing but files and folders of `root`.

    Args:
        only: the one file of it that will be read; all are checked if it is empty.

    Raises:
        UnknownNameError: there is none.
        InputFileError: something in it leads out of `root`.
    """
    found = listed(root, mark)
    if name not in found:
        raise UnknownNameError(kind, name, found)
    folder = found[name]
    check_contained((folder, folder / only) if only else (folder, *folder.rglob("*")), root)
    return folder


def check_contained(paths: Iterable[Path], root: Path) -> None:
    """Refuse links that lead out of `root`, and everything that is neither file nor folder.

    Raises:
        InputFileError: with the path.
    """
    for path in paths:
        if path.is_symlink() and not _leads_into(path, root):
            raise InputFileError(path, f"a link that leads out of {root}; it is not followed")
        if not path.is_symlink() and not path.is_file() and not path.is_dir():
            raise InputFileError(path, "neither a file nor a folder")


def _leads_into(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link to itself
        return False
