"""Reading YAML and JSON files written by people, with file and line in every error; atomic replacement of files."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.files.yaml_reader import Loc, Parsed, YamlFault, parse_yaml
from dv_agent.errors import InputFileError, OutputError, all_faults

Model = TypeVar("Model", bound=BaseModel)
MAX_BYTES = 4_000_000
MOST_FAULTS = 20  # of one file; later ones are often consequences of the first


class Document:
    """A parsed file: plain data, and the line number of each part.

    Args:
        path: the file of the text (for messages only).
        text: YAML 1.2 (core schema) or JSON, which is a subset of it; see `dv_agent.designs.files.yaml_reader`.
        texts_only: whether every scalar is kept as the text that was written.

    Raises:
        InputFileError: not YAML or not JSON, a duplicate key, an alias or anchor, nested too deep, or too many parts.
    """

    def __init__(self, path: Path, text: str, *, texts_only: bool = False) -> None:
        self.path = path
        try:
            self._parsed = parse_yaml(text, texts_only=texts_only)
        except YamlFault as fault:
            if path.suffix.lower() != ".json":
                raise InputFileError(path, str(fault), fault.line) from None
            self._parsed = _parsed_json(path, text, texts_only)
        self.data: Any = self._parsed.data

    @property
    def nulls(self) -> dict[Loc, str]:
        """The places of null values, with their spelling: ``null``, ``~`` or an empty text."""
        return self._parsed.nulls

    def line(self, loc: Sequence[str | int]) -> int | None:
        """Return the 1-based line of the deepest known part of a path such as ``("ports", "in", 0)``.

        Parts that are not in the file (a missing key, the tag of a union) are skipped.
        """
        known: Loc = ()
        for part in loc:
            if (*known, part) in self._parsed.lines:
                known = (*known, part)
        return self._parsed.lines.get(known)

    def error(self, loc: Sequence[str | int], message: str) -> InputFileError:
        """Return an error that points at the part `loc` of this file."""
        return InputFileError(self.path, message, self.line(loc))

    def validate(self, model: type[Model]) -> Model:
        """Validate the data as a pydantic model.

        Raises:
            InputFileError: what is wrong; several faults are told together, see `FilesError`.
        """
        try:
            valid = model.model_validate(self.data)
        except ValidationError as error:
            raise self._refused(error) from None
        faults = [
            self.error(place, f"{'.'.join(map(str, place))}: expected a number, not true or false")
            for place in self._parsed.bools
            if _is_number(_at(valid, place))  # pydantic accepts true as 1
        ]
        if fault := all_faults(self.path.parent, faults):
            raise fault
        return valid

    def _refused(self, error: ValidationError) -> InputFileError:
        faults = []
        for one in error.errors()[:MOST_FAULTS]:
            loc = [part for part in one["loc"] if part != "__root__"]
            where, message = ".".join(str(part) for part in loc), plain_words(one)
            faults.append(self.error(loc, f"{where}: {message}" if where else message))
        return all_faults(self.path.parent, faults) or self.error((), str(error))


def _at(value: Any, place: Loc) -> Any:
    """Return the part of a validated model that came from `place`; None if the model holds it elsewhere."""
    for part in place:
        try:
            value = getattr(value, part) if isinstance(value, BaseModel) and isinstance(part, str) else value[part]
        except (AttributeError, LookupError, TypeError):
            return None
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _parsed_json(path: Path, text: str, texts_only: bool) -> Parsed:
    """Parse a ``.json`` file that the YAML reader refused, so that errors are reported in terms of JSON.

    Raises:
        InputFileError: not JSON, or beyond the limits of the YAML reader.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise InputFileError(path, f"not valid JSON: {what} (column {error.colno})", error.lineno) from None
    except RecursionError:
        raise InputFileError(path, "not valid JSON: nested too deep") from None
    try:
        return parse_yaml(text.replace("\t", " "), texts_only=texts_only)  # YAML does not allow tabs between values
    except YamlFault as fault:
        raise InputFileError(path, str(fault), fault.line) from None


def complaint(error: ValidationError) -> str:
    """The first complaint of pydantic in one line of printable characters; no value of the file is repeated."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = plain_words(first)
    return printable(f"{where}: {message}" if where else message)


def printable(text: str, most: int = 300) -> str:
    """Return the first `most` characters of a text from a file, with unprintable characters as their codes."""
    shown = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text[:most])
    return shown + ("…" if len(text) > most else "")


def read_text(path: Path) -> str:
    """Return the text of a file of at most `MAX_BYTES` bytes.

    Raises:
        InputFileError: missing, unreadable, not a regular file, too large, or not UTF-8.
    """
    try:
        # Opening a named pipe would block, and a device has no end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise InputFileError(path, "Is a directory" if stat.S_ISDIR(mode) else "not a regular file")
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputFileError(path, f"larger than {MAX_BYTES} bytes")
        return data.decode("utf-8")
    except FileNotFoundError:
        raise InputFileError(path, "no such file") from None
    except UnicodeDecodeError as error:
        raise InputFileError(path, f"not UTF-8 text (byte {error.start})") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputFileError(path, getattr(error, "strerror", None) or str(error)) from None


def require_inside(path: Path, folder: Path) -> Path:
    """Return `path`, if no symbolic link in it leads out of `folder`; it need not exist.

    Raises:
        InputFileError: a link leads out of `folder`; a folder from elsewhere must not give access to other files.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputFileError(path, f"a link that leads out of {folder}; it is not followed")
    return path


def require_all_inside(paths: Iterable[Path], folder: Path) -> None:
    """Check many paths as `require_inside` does, and look at each of their folders once only."""
    home, rooms = folder.resolve(), dict[Path, bool]()
    for path in paths:
        room = path.parent
        if room not in rooms:
            rooms[room] = room.resolve().is_relative_to(home)
        if not rooms[room] or path.name in ("", "..") or path.is_symlink():
            require_inside(path, folder)


def is_special(path: Path) -> bool:
    """Return whether a path names a device or a pipe, which a file in its place would destroy.

    ``/dev/stdout`` is a link that may lead to a plain file, so what is in ``/dev`` or ``/proc`` is told by its name.
    """
    folder = path.parent.resolve()
    named = folder == Path("/dev") or folder.is_relative_to("/proc")
    return path.exists() and not path.is_dir() and (named or not path.is_file())


def make_folders(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder}: {error.strerror or error}; choose another folder") from None


def replace_text(path: Path, text: str, *, make_folder: bool = False) -> None:
    """Write a file atomically: a reader sees the old contents or the new contents, never a part.

    Args:
        make_folder: whether to create a missing folder.

    Raises:
        OutputError: the file cannot be written.
    """
    if not path.name:
        raise OutputError(f"cannot write {path}: it is a folder; name a file")
    if is_special(path):
        raise OutputError(f"cannot write {path}: it is a device or a pipe; name a file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # unique to this writer
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # if the path exists, in particular as a symbolic link, it is not written through
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read_document(path: Path, *, texts_only: bool = False) -> Document:
    """Parse the file at `path`; see `Document` and `read_text` for arguments and errors."""
    return Document(path, read_text(path), texts_only=texts_only)
