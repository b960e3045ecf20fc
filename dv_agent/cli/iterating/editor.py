"""Editing a text in the user's own editor, in a temporary file."""

from __future__ import annotations

import os
import shlex
import subprocess

from dv_agent.designs.files.documents import read_text
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.errors import UsageError

FALLBACK = "vi"


def edit_text(start: str, suffix: str) -> str:
    """Edit `start` in ``$VISUAL``, ``$EDITOR`` or vi and return the result. No time limit, because a person edits.

    Raises:
        UsageError: the editor cannot be started, or ended with an error.
    """
    words = os.environ.get("VISUAL") or os.environ.get("EDITOR") or FALLBACK
    try:
        command = shlex.split(words)
    except ValueError as error:
        raise UsageError(f"EDITOR is no command: {words!r}: {error}") from None
    with scratch_folder() as room:
        file = room / f"prompt{suffix}"
        file.write_text(start, encoding="utf-8")
        try:
            done = subprocess.run([*command, str(file)], check=False)
        except OSError as error:
            raise UsageError(f"cannot start the editor {words!r}: {error.strerror}; set EDITOR") from None
        if done.returncode:
            raise UsageError(f"the editor {words!r} ended with code {done.returncode}; nothing was changed")
        return read_text(file)
