"""Reading YAML and JSON files that people write, every complaint with file and line; replacing files of ours."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from dv_agent.errors import InputFileError, OutputError

Model = TypeVar("Model", bound=BaseModel)
MAX_BYTES = 4_000_000
MAX_DEPTH = 60


class Document:
    """A parsed file: plain data, and the line on which each part stands.

    Args:
        path: where the text came from (for messages only).
        text: YAML 1.1 or JSON (JSON is read by the same parser).

    Raises:
        InputFileError: not YAML, or no JSON, a duplicate key, an alias, or nested deeper than `MAX_DEPTH`.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._lines: dict[tuple[str | int, ...], int] = {}
        try:
            node = _node(path, text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise InputFileError(path, f"not valid YAML: {error.problem}", line) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise InputFileError(path, f"not valid YAML: {str(error).splitlines()[0]}") from None
        if node is None:
            raise InputFileError(path, "the file is empty", 1)
        self._constructor = yaml.SafeLoader("")
        self.data: Any = self._build(node, ())

    def line(self, loc: Sequence[str | int]) -> int | None:
        """The 1-based line of the deepest known part of a path such as ``("ports", "in", 0)``.

        Parts that the file does not hold (a missing key, the tag of a union) are passed over.
        """
        known: tuple[str | int, ...] = ()
        for part in loc:
            if (*known, part) in self._lines:
                known = (*known, part)
        return self._lines.get(known)

    def error(self, loc: Sequence[str | int], message: str) -> InputFileError:
        """An error that points at the part `loc` of this file."""
        return InputFileError(self.path, message, self.line(loc))

    def validate(self, model: type[Model]) -> Model:
        """The data as a pydantic model; the first complaint becomes an `InputFileError`."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            first = error.errors()[0]
            loc = [part for part in first["loc"] if part != "__root__"]
            more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
            where = ".".join(str(part) for part in loc)
            message = first["msg"].removeprefix("Value error, ")
            raise self.error(loc, f"{where}: {message}{more}" if where else message + more) from None

    def _build(self, node: yaml.Node, loc: tuple[str | int, ...]) -> Any:
        if loc in self._lines or len(loc) > MAX_DEPTH:
            raise InputFileError(self.path, f"nested deeper than {MAX_DEPTH} levels", node.start_mark.line + 1)
        self._lines[loc] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._build(child, (*loc, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, loc)
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag not in {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null")}:
            return str(node.value)
        try:
            return self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise InputFileError(self.path, f"not a usable value: {error}", node.start_mark.line + 1) from None

    def _build_mapping(self, node: yaml.MappingNode, loc: tuple[str | int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputFileError(self.path, "a key must be a plain word", line)
            # A key is always text: `on:` and `yes:` must not turn into booleans.
            key = str(key_node.value)
            if key in result:
                raise InputFileError(self.path, f"duplicate key {key!r}", line)
            result[key] = self._build(value_node, (*loc, key))
            self._lines[(*loc, key)] = line
        return result


def _composed(text: str) -> yaml.Node | None:
    """The nodes of a text.

    The parser in C is six times as quick; what it refuses, the other one reads or explains better.

    Raises:
        yaml.YAMLError: not YAML.
        RecursionError: nested too deep.
    """
    if yaml.__with_libyaml__:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeError):
            pass
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _node(path: Path, text: str) -> yaml.Node | None:
    """The nodes of a text; what is wrong with a file whose name ends in ``.json`` is told in words of JSON.

    Raises:
        yaml.YAMLError: not YAML.
        RecursionError: nested too deep.
        InputFileError: not JSON.
    """
    if path.suffix.lower() != ".json":
        return _composed(text)
    try:
        return _composed(text)
    except (yaml.YAMLError, RecursionError):
        return _composed(_as_json(path, text))


def _as_json(path: Path, text: str) -> str:
    """`text`, which is JSON, such that YAML reads it alike: it knows no tabs between values.

    Raises:
        InputFileError: no JSON, with the line.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise InputFileError(path, f"not valid JSON: {what} (column {error.colno})", error.lineno) from None
    except RecursionError:
        raise InputFileError(path, "not valid JSON: nested too deep") from None
    return text.replace("\t", " ")


def complaint(error: ValidationError) -> str:
    """The first complaint of pydantic, in one line."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def read_text(path: Path) -> str:
    """The text of a file of at most `MAX_BYTES` bytes.

    Raises:
        InputFileError: missing, unreadable, too large, or not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputFileError(path, f"larger than {MAX_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputFileError(path, "no such file") from None
    except UnicodeDecodeError as error:
        raise InputFileError(path, f"not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise InputFileError(path, error.strerror or str(error)) from None


def replace_text(path: Path, text: str, *, make_folder: bool = False) -> None:
    """Write a file; a reader sees the old one or the new one, never a part.

    Args:
        make_folder: whether a folder that is missing is made.

    Raises:
        OutputError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # of this writer alone
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read_document(path: Path) -> Document:
    """Parse the file at `path`; see `Document` and `read_text` for the errors."""
    return Document(path, read_text(path))
