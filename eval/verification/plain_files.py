"""Checks on files of an untrusted folder: no links, and no file too large."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.records.reader import MAX_FILE
from dv_agent.designs.files.json_file import open_plain
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.trial_folder import EVALUATION, KILLS, TRIAL

_LARGEST = {EVALUATION: 64 << 20, TRIAL: 1 << 20, KILLS: 1 << 20}
"""Bytes; of other files their readers know it."""


def require_plain_file(folder: Path, name: str) -> None:
    """Require that a file is not a link, is not reached through a link, and is not too large.

    Raises:
        InputFileError: one of these does not hold.
    """
    path = folder
    for part in Path(name).parts:
        path /= part
        if path.is_symlink():
            raise InputFileError(path, "a link; a submitted folder holds files only")
    open_plain(path, _LARGEST.get(path.name, MAX_FILE)).close()
