"""Reading untrusted JSON files that a program wrote: bounded and strict, with one clear error.

The file must be a regular file; a number must be a JSON number (not ``true``, ``"3"``, NaN or Infinity), no key
may be twice in one object, the nesting is limited by the parser of pydantic (200 levels), and keys that a later
version adds are ignored.
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
    """Open a regular file without blocking; links, pipes, devices and folders are refused.

    Args:
        most: the maximum size, in bytes.

    Raises:
        InputFileError: not a regular file, missing, unreadable, or larger than `most`.
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
    """Return the contents of a regular file; raises as `open_plain`."""
    with open_plain(path, most) as file:
        try:
            data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
        except OSError as error:
            raise InputFileError(path, f"cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise InputFileError(path, f"larger than {most:,} bytes")
    return data


def read_json(path: Path, model: type[Model], *, newest: int = 1, most: int = MAX_BYTES) -> Model:
    """Read the JSON object in the file `path`.

    Args:
        newest: the last ``schema_version`` that `model` supports.

    Raises:
        InputFileError: with file, what is wrong and, if known, the line.
    """
    return parse_json(path, read_plain(path, most), model, newest)


def parse_json(path: Path, data: bytes, model: type[Model], newest: int = 1) -> Model:
    """Parse bytes that were already read; as `read_json`."""
    plain = check_json(path, data)
    version = plain.get("schema_version", newest)
    if isinstance(version, bool) or not isinstance(version, int):
        raise InputFileError(path, "schema_version: expected a number")
    if version > newest:
        words = f"schema_version {version} is newer than {newest}; update dv-agent to read this file"
        raise InputFileError(path, words)
    return _valid(path, data, model)


def read_partly(path: Path, model: type[Model], most: int = MAX_BYTES) -> Model:
    """Read only a few keys of the object in `path`, which is faster; the last of duplicate keys counts.

    Raises:
        InputFileError: as `read_json`.
    """
    return _valid(path, read_plain(path, most), model)


def _valid(path: Path, data: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(data, strict=True, extra="ignore")
    except ValidationError as error:
        raise InputFileError(path, complaint(error)) from None


def parse_line(path: Path, number: int, line: bytes, kind: TypeAdapter[Kind]) -> Kind | None:
    """Parse one line of a JSON Lines file; None if its kind was added by a later version; `number` counts from 1.

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
    """Return the object in `data` as plain data, after the checks that a pydantic model cannot make.

    Raises:
        InputFileError: not UTF-8, not JSON, not an object, a duplicate key, NaN or Infinity, a number of thousands of
            digits, or nested too deep.
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
