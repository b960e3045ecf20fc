"""JSON data on one line in compact form, for prompts; what is too long is cut in the middle or around a place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_MARK = "\x00here"
"""Stands in for a part of the data while its place in the text is sought; text of a test cannot hold it unescaped."""


def compact_json(data: Any, most: int) -> str:
    """Return compact JSON of `data`, cut to `most` characters with an ellipsis."""
    text = _text(data)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def json_ends(data: Any, most: int) -> str:
    """Return compact JSON of `data` in at most `most` characters: of a longer one both ends, and how much is left out.

    Args:
        most: at least 40.
    """
    text = _text(data)
    if len(text) <= most:
        return text
    room = most - len(f" ...{len(text)} characters... ")
    tail = room // 3
    head = room - tail
    return f"{text[:head]} ...{len(text) - room} characters... {text[len(text) - tail :]}"


def json_around(data: Any, path: Sequence[str | int], most: int) -> str:
    """Return compact JSON of `data` in at most `most` characters, around the part at `path`.

    Of a path that ends beside the data, such as a key that is missing, the part before it counts.
    """
    text, (first, last) = _text(data), _span(data, path)
    if len(text) <= most:
        return text
    room = max(most - 6, 0)
    begin = max(0, min(first - max(0, room - (last - first)) // 2, len(text) - room))
    end = min(begin + room, len(text))
    return f"{'...' if begin else ''}{text[begin:end]}{'...' if end < len(text) else ''}"


def _text(data: Any) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
    return text if text.isprintable() else json.dumps(data, separators=(",", ":"), default=str)


def _span(data: Any, path: Sequence[str | int]) -> tuple[int, int]:
    """Return where the text of the part at `path` begins and ends in that of `data`."""
    marked, part = _marked(data, list(path))
    begin = _text(marked).find(json.dumps(_MARK))
    return max(begin, 0), max(begin, 0) + len(_text(part))


def _marked(data: Any, path: list[str | int]) -> tuple[Any, Any]:
    """Return `data` with the mark in place of the part at `path`, and that part."""
    key = path[0] if path else None
    if isinstance(data, dict) and key in data:
        inner, part = _marked(data[key], path[1:])
        return {**data, key: inner}, part
    if isinstance(data, list | tuple) and isinstance(key, int) and 0 <= key < len(data):
        inner, part = _marked(data[key], path[1:])
        return [*data[:key], inner, *data[key + 1 :]], part
    return _MARK, data
