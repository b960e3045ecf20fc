"""Checks of the places that options name for what is written, before the long work whose result goes there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dv_agent.designs.files.documents import is_special
from dv_agent.errors import OutputError


def require_file_place(path: Path | None, option: str, *, makes_folders: bool = False) -> None:
    """Check that a file can be written to `path`; nothing is left behind, and a present file is not touched.

    Args:
        option: named in the error; None as path is an option that was not given.
        makes_folders: whether folders above that are missing are made later.

    Raises:
        OutputError: it cannot.
    """
    if path is None:
        return
    if path.is_dir() or not path.name:
        raise OutputError(f"{option} {path}: it is a folder; name a file")
    if is_special(path):
        raise OutputError(f"{option} {path}: it is a device or a pipe; name a file")
    if not makes_folders and not path.parent.is_dir():
        raise OutputError(f"{option} {path}: there is no folder {path.parent}")
    _require_room(path.parent, f"{option} {path}")


def require_folder_place(path: Path | None, option: str) -> None:
    """Check that files can be written into the folder `path`, which need not be there; nothing is left behind.

    Raises:
        OutputError: they cannot.
    """
    if path is not None:
        _require_room(path, f"{option} {path}")


def _require_room(folder: Path, named: str) -> None:
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists() or one.is_symlink())
    if not there.is_dir():
        raise OutputError(f"{named}: {there} is no folder; choose another place")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise OutputError(f"{named}: nothing can be written in {there}: {error.strerror or error}") from None
