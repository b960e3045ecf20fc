"""Reading JSON that a program wrote and anyone may have changed: bounded and strict, one clear complaint.

What is read must be a regular file; numbers are numbers (``true`` and ``"3"`` are none, nor are NaN and Infinity), no
key comes twice in one object, nothing is nested deeper than the parser of pydantic goes (200 levels), and keys that a
later version adds are passed over.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from dv_agent.designs.files.documents import MAX_BYTES, complaint
from dv_agent.errors import InputFileError

Model = TypeVar("Model", bound=BaseModel)
Kind = TypeVar("Kind")
MOST_KEYS = 100_000
_PLAIN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


def open_plain(path: Path, most: int = MAX_BYTES) -> BufferedReader:
    """Open a regular file without waiting for anybody: no link, pipe, device or folder.

    Args:
        most: bytes.

    Raises:
        InputFileError: it is none, it is missing or unreadable, or larger than `most`.
    """
    try:
        file = os.fdopen(os.open(path, _PLAIN), "rb")
    except FileNotFoundError:
        raise InputFileError(path, "no such file") from None
    except IsADirectoryError:
        raise InputFileError(path, "a folder; expected a file") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ELOOP:
            raise InputFileError(path, "a link; put the file itself in its place") from None
        raise InputFileError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    found = os.fstat(file.fileno())
    problem = ""
    if not stat.S_ISREG(found.st_mode):
        problem = "neither a file nor a folder; expected a file"
    elif found.st_size > most:
        problem = f"larger than {most:,} bytes"
    if problem:
        file.close()
        raise InputFileError(path, problem)
    return file


def read_plain(path: Path, most: int = MAX_BYTES) -> bytes:
    """All of a regular file; errors as of `open_plain`."""
    with open_plain(path, most) as file:
        try:
            data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
        except OSError as error:
            raise InputFileError(path, f"cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise InputFileError(path, f"larger than {most:,} bytes")
    return data


def read_json(path: Path, model: type[Model], *, newest: int = 1, most: int = MAX_BYTES) -> Model:
    """The object in `path`.

    Args:
        newest: the last ``schema_version`` that `model` knows.

    Raises:
        InputFileError: with file, what is wrong and, where it is known, the line.
    """
    return parse_json(path, read_plain(path, most), model, newest)


def parse_json(path: Path, data: bytes, model: type[Model], newest: int = 1) -> Model:
    """As `read_json`, of bytes that were read already."""
    plain = check_json(path, data)
    version = plain.get("schema_version", newest)
    if isinstance(version, bool) or not isinstance(version, int):
        raise InputFileError(path, "schema_version: expected a number")
    if version > newest:
        words = f"schema_version {version} is newer than {newest}; update dv-agent to read this file"
        raise InputFileError(path, words)
    return _valid(path, data, model)


def read_partly(path: Path, model: type[Model], most: int = MAX_BYTES) -> Model:
    """A few keys of the object in `path`, quickly: a key that stands twice counts as it stands last.

    Raises:
        InputFileError: as of `read_json`.
    """
    return _valid(path, read_plain(path, most), model)


def _valid(path: Path, data: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(data, strict=True, extra="ignore")
    except ValidationError as error:
        raise InputFileError(path, complaint(error)) from None


def parse_line(path: Path, number: int, line: bytes, kind: TypeAdapter[Kind]) -> Kind | None:
    """One line of a file of JSON lines, None if it is of a kind that a later version adds; `number` counts from 1.

    Raises:
        InputFileError: with file and line.
    """
    try:
        return kind.validate_json(line, strict=True, extra="ignore")
    except ValidationError as error:
        if error.error_count() == 1 and error.errors(include_url=False)[0]["type"] == "union_tag_invalid":
            return None
        raise InputFileError(path, f"not a line of this version: {complaint(error)}", number) from None


def check_json(path: Path, data: bytes, line: int | None = None) -> dict[str, Any]:
    """The object in `data` as plain data, held to the rules that a model does not see.

    Raises:
        InputFileError: no UTF-8, no JSON, no object, a key twice, a number that is none or has thousands of digits,
            or nested too deep.
    """
    try:
        text = data.decode()
        if text.startswith("\ufeff"):
            raise InputFileError(path, "begins with a byte order mark; save it as UTF-8 without one", line)
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise InputFileError(path, f"not UTF-8 text (byte {error.start})", line) from None
    except json.JSONDecodeError as error:
        raise InputFileError(path, f"not valid JSON: {error.msg}", line or error.lineno) from None
    except RecursionError:
        raise InputFileError(path, "nested too deep", line) from None
    except ValueError as error:
        words = "a number of thousands of digits" if "digits" in str(error) else str(error)
        raise InputFileError(path, f"not valid JSON: {words}", line) from None
    if not isinstance(found, dict):
        raise InputFileError(path, "expected an object", line)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:80]!a} stands twice in one object")
    if len(found) > MOST_KEYS:
        raise ValueError(f"an object of more than {MOST_KEYS:,} keys")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
