"""Handling of an internal error of dv-agent: write its traceback to a file and say in one line how to report it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from dv_agent import __version__
from dv_agent.agents.models.redaction import excerpt, scrub

_NOTE = "run folder: "


def note_folder(error: BaseException, folder: Path) -> None:
    """Attach to `error` the folder of the run that it ended."""
    error.add_note(f"{_NOTE}{folder}")


def crash_words(error: BaseException) -> str:
    """Return the message for the user; first write the traceback, into the run folder if there is one."""
    notes = [one.removeprefix(_NOTE) for one in getattr(error, "__notes__", ()) if one.startswith(_NOTE)]
    path = write_crash(error, Path(notes[0]) if notes else None)
    where = f"the traceback is in {path}" if path else "its traceback could not be written; --debug shows it"
    return (
        f"dv-agent: internal error: {type(error).__name__}: {excerpt(str(error), 200)}\n"
        f"  this is a fault of dv-agent; {where}\n"
        "  please report it to the maintainers (CONTRIBUTING.md), with that file and the command that was typed"
    )


def write_crash(error: BaseException, folder: Path | None) -> Path | None:
    """Write ``crash.txt`` with traceback and versions, without secrets; return None if it cannot be written anywhere.

    Args:
        folder: target folder; a temporary file is used if it is None or not writable.
    """
    system = f"dv-agent {__version__}, Python {platform.python_version()}, {platform.platform()}"
    text = scrub(f"{system}\n{' '.join(sys.argv[:1])}\n\n{''.join(traceback.format_exception(error))}")
    for place in (folder, None):
        try:
            if place is None:
                number, name = tempfile.mkstemp(prefix="dv-agent-crash-", suffix=".txt")
                os.close(number)
                path = Path(name)
            else:
                path = place / "crash.txt"
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError:
            continue
        return path
    return None
