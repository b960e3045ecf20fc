"""Files in a folder that may come from anyone: no links, and none too large."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.records.reader import MAX_FILE
from dv_agent.designs.files.json_file import open_plain
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.trial_folder import EVALUATION, KILLS, TRIAL

_LARGEST = {EVALUATION: 64 << 20, TRIAL: 1 << 20, KILLS: 1 << 20}
"""Bytes; of other files their readers know it."""


def require_plain_file(folder: Path, name: str) -> None:
    """A file that is no link, nor reached over one, and not too large.

    Raises:
        InputFileError: it is.
    """
    path = folder
    for part in Path(name).parts:
        path /= part
        if path.is_symlink():
            raise InputFileError(path, "a link; a submitted folder holds files only")
    open_plain(path, _LARGEST.get(path.name, MAX_FILE)).close()
