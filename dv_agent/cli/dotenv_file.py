"""Settings of a person or project in a file ``.env``; the real environment wins."""

from __future__ import annotations

import os
from pathlib import Path

from dv_agent.errors import InputFileError, PrerequisiteError


def load_dotenv_upward(start: Path) -> Path | None:
    """Put the variables of the nearest ``.env`` in `start` or a folder above it into the environment.

    Variables that the environment has already are left alone, and empty values are skipped. Values are taken as
    they stand: ``$`` means nothing in them, because keys may hold it.

    Returns:
        The file, or None if there is none.

    Raises:
        InputFileError: it cannot be read.
        PrerequisiteError: python-dotenv is not installed.
    """
    folder = start.resolve()
    file = next((one for one in (place / ".env" for place in (folder, *folder.parents)) if one.is_file()), None)
    if file is None:
        return None
    for name, value in _read(file).items():
        if value:
            os.environ.setdefault(name, value)
    return file


def _read(file: Path) -> dict[str, str | None]:
    try:
        from dotenv import dotenv_values  # only those who have such a file need it
    except ImportError:
        raise PrerequisiteError(f"{file} needs the package python-dotenv", "pip install python-dotenv") from None
    try:
        return dotenv_values(file, interpolate=False)
    except (OSError, UnicodeError) as error:  # the text of the error may quote the file, so only its class is told
        raise InputFileError(file, f"cannot be read as UTF-8 text ({type(error).__name__})") from None
