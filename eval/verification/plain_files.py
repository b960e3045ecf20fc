"""Files in a folder that may come from anyone: no links, and none too large."""

from __future__ import annotations

from pathlib import Path

from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.trial_folder import EVALUATION, KILLS, TRIAL

# Bytes. A default trial of a model with tools takes some ten million at most.
LARGEST = {
    EVALUATION: 64 << 20, TRIAL: 1 << 20, KILLS: 1 << 20, "run.json": 4 << 20, "turns.jsonl": 512 << 20,
    "coverage.json": 64 << 20,
}  # fmt: skip


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
    if not path.is_file():
        raise InputFileError(path, "no such file")
    most = LARGEST[path.name]
    if path.stat().st_size > most:
        raise InputFileError(path, f"larger than {most >> 20} MB")
