"""Reading a YAML file that holds options of a command."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import typer

from dv_agent.designs.files.documents import Document, read_document
from dv_agent.designs.files.yaml_reader import scalar
from dv_agent.errors import UnknownNameError

_NUMBERS: dict[type, tuple[type, ...]] = {int: (int,), float: (int, float)}


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take defaults from a YAML file: ``design: mxint_softmax``, one key an option, dashes as underscores.

    The command line and the environment have precedence. An option that expects a name gets the text as it is
    written (``agent: null`` is the agent of that name); one that expects a number or a flag accepts nothing else.

    Raises:
        InputFileError: not a mapping, a key that is not an option, a duplicate key, or a value of another type.
    """
    if path is None:
        return None
    document = read_document(path, texts_only=True)
    if not isinstance(document.data, dict):
        raise document.error((), "expected one `option: value` a line, such as `design: mxint_softmax`")
    kinds = get_type_hints(context.command.callback)
    known = {parameter.name: kinds.get(parameter.name, str) for parameter in context.command.params if parameter.name}
    defaults: dict[str, Any] = {}
    for key in document.data:
        name = key.replace("-", "_")
        if name not in known:
            raise document.error((key,), str(UnknownNameError("option", key, known)))
        if name in defaults:
            raise document.error((key,), f"option {key!r} is given twice")
        defaults[name] = _value(document, known[name], key)
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _value(document: Document, annotation: Any, key: str) -> Any:
    """Return the value of an option, checked against the type that its command declares."""
    kinds = [kind for kind in (get_args(annotation) or (annotation,)) if kind is not NoneType]
    written, kind = document.data[key], kinds[0]
    if get_origin(kind) is list:
        parts = written if isinstance(written, list) else [written]
        return [_one(document, get_args(kind)[0], (key, place), text) for place, text in enumerate(parts)]
    return _one(document, kind, (key,), written)


def _one(document: Document, kind: type, place: tuple[str | int, ...], text: Any) -> Any:
    if not isinstance(text, str):
        raise document.error(place, f"{place[0]}: expected a single value")
    choices = [one.value for one in kind] if issubclass(kind, Enum) else []
    if place in document.nulls and text not in choices:
        raise document.error(place, f"{place[0]}: no value; leave the line out, or quote the word if it is a name")
    if kind not in _NUMBERS:
        return text
    value = _meaning(text)
    if isinstance(value, bool) or not isinstance(value, _NUMBERS[kind]):
        raise document.error(place, f"{place[0]}: expected a number, not {text!r}")
    return value


def _meaning(text: str) -> Any:
    try:
        return scalar(text)
    except ValueError:
        return text
