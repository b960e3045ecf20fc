"""A fault of dv-agent itself: its traceback goes to a file, and one line says how to report it."""

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
    """Remember with `error` which run it ended."""
    error.add_note(f"{_NOTE}{folder}")


def crash_words(error: BaseException) -> str:
    """What a person is told; the traceback is written first, into the folder of the run if there is one."""
    notes = [one.removeprefix(_NOTE) for one in getattr(error, "__notes__", ()) if one.startswith(_NOTE)]
    path = write_crash(error, Path(notes[0]) if notes else None)
    where = f"the traceback is in {path}" if path else "its traceback could not be written; --debug shows it"
    return (
        f"dv-agent: internal error: {type(error).__name__}: {excerpt(str(error), 200)}\n"
        f"  this is a fault of dv-agent; {where}\n"
        "  please report it to the maintainers (CONTRIBUTING.md), with that file and the command that was typed"
    )


def write_crash(error: BaseException, folder: Path | None) -> Path | None:
    """Write ``crash.txt`` with traceback and versions, without secrets; None if there is no place for it.

    Args:
        folder: where to; a temporary file if it is not given or cannot be written.
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
