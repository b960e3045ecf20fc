"""Reading of keys and settings from a file ``.env``; variables of the real environment have priority.

The file may be part of a folder that somebody else made, so it can set only the variables that
`dv_agent.agents.models.dotenv.allowed_names` lists. A key from elsewhere is never sent to an address of the file, see
`dv_agent.agents.models.providers.Endpoint.key`.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.models.dotenv.variables import FROM_FILE, IGNORED, READ_FILE
from dv_agent.errors import InputFileError, PrerequisiteError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class DotenvNote:
    """Result of reading the file.

    Attributes:
        taken: names that were set from it.
        ignored: names in it that a file may not set.
    """

    file: str
    taken: tuple[str, ...]
    ignored: tuple[str, ...]

    def __str__(self) -> str:
        words = f"settings from {self.file}: {', '.join(self.taken) or 'none'}"
        if not self.ignored:
            return words
        more = f" and {len(self.ignored) - _SHOWN} more" if len(self.ignored) > _SHOWN else ""
        return f"{words}; ignored, since a .env may not set them: {', '.join(self.ignored[:_SHOWN])}{more}"


def load_dotenv_upward(start: Path) -> Path | None:
    """Put the variables of the nearest ``.env`` in `start` or a folder above it into the environment.

    Only variables that a file may set are read. Variables that exist in the environment are not changed, and empty
    values are skipped. Values are read literally: ``$`` has no special meaning, because keys may contain it.
    `dotenv_note` returns the result afterwards, also in child processes.

    Returns:
        The file, or None if there is none.

    Raises:
        InputFileError: the file cannot be read.
        PrerequisiteError: python-dotenv is not installed.
    """
    for name in (READ_FILE, FROM_FILE, IGNORED):
        os.environ.pop(name, None)
    folder = start.resolve()
    file = next((one for one in (place / ".env" for place in (folder, *folder.parents)) if one.is_file()), None)
    if file is None:
        return None
    from dv_agent.agents.models.dotenv.allowed_names import may_be_set  # loads packages that `--help` does not need

    values = {name: value for name, value in _read(file).items() if value and _NAME.fullmatch(name)}
    ignored = [name for name, value in values.items() if not may_be_set(name, value)]
    taken = [name for name in values if name not in ignored and name not in os.environ]
    os.environ.update({name: values[name] for name in taken})
    os.environ |= {READ_FILE: str(file), FROM_FILE: ",".join(taken), IGNORED: ",".join(ignored)}
    return file


def dotenv_note() -> DotenvNote | None:
    """Return the result of reading the file ``.env``, by this process or by the one that started it."""
    file = os.environ.get(READ_FILE)
    if not file:
        return None
    taken, ignored = (tuple(filter(None, os.environ.get(name, "").split(","))) for name in (FROM_FILE, IGNORED))
    return DotenvNote(file, taken, ignored)


def _read(file: Path) -> dict[str, str | None]:
    try:
        from dotenv import dotenv_values  # needed only if there is such a file
    except ImportError:
        raise PrerequisiteError(f"{file} needs the package python-dotenv", "pip install python-dotenv") from None
    from dv_agent.designs.files.documents import read_text

    try:
        return dotenv_values(stream=io.StringIO(read_text(file)), interpolate=False)
    except InputFileError as error:  # the message may quote the file, so only its class is shown
        raise InputFileError(file, error.message if "UTF-8" not in error.message else "not UTF-8 text") from None
