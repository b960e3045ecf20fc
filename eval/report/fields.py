"""Reading JSON objects that another version may have written: what is missing gets a default, what is wrong is said."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dv_agent.errors import InputFileError


class Fields:
    """One JSON object of a file. Keys that nobody asks for are passed over; null counts as missing.

    Every method raises `InputFileError`, with file and line, for a value of another kind than it wants.
    """

    def __init__(self, data: Any, path: Path, line: int | None = None, where: str = "") -> None:
        self._path, self._line, self._where = path, line, where
        if not isinstance(data, Mapping):
            raise self._error("", "an object", data)
        self.data: Mapping[str, Any] = data

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, str):
            raise self._error(key, "text", value)
        return default if value is None else value

    def number(self, key: str) -> float | None:
        """A number, or None where there is none (infinity and NaN included)."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(key, "a number", value)
        return value if isinstance(value, int) or math.isfinite(value) else None

    def count(self, key: str, default: int = 0) -> int:
        """An integer."""
        value = self.number(key)
        if value is not None and value != int(value):
            raise self._error(key, "an integer", value)
        return default if value is None else int(value)

    def maybe_count(self, key: str) -> int | None:
        """An integer, or None where there is none."""
        return None if self.number(key) is None else self.count(key)

    def truth(self, key: str) -> bool | None:
        """True, false, or None where neither stands."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._error(key, "true or false", value)
        return value

    def inner(self, key: str) -> Fields:
        """An object; an empty one where there is none."""
        value = self.data.get(key)
        return Fields({} if value is None else value, self._path, self._line, self._place(key))

    def objects(self, key: str) -> Iterator[Fields]:
        """The objects of a list."""
        for index, value in enumerate(self._list(key)):
            yield Fields(value, self._path, self._line, f"{self._place(key)}[{index}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of a list; anything else in it as compact JSON."""
        return tuple(value if isinstance(value, str) else compact(value) for value in self._list(key))

    def lists(self) -> Iterator[tuple[str, list[Any]]]:
        """All pairs of this object, each value a list."""
        for key in self.data:
            yield key, self._list(key)

    def strings(self, key: str) -> dict[str, str]:
        """An object of strings."""
        inner = self.inner(key)
        return {name: inner.text(name) for name in inner.data}

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        if value is not None and not isinstance(value, list):
            raise self._error(key, "a list", value)
        return value or []

    def _place(self, key: str) -> str:
        return ".".join(part for part in (self._where, key) if part)

    def _error(self, key: str, wanted: str, found: Any) -> InputFileError:
        place = self._place(key)
        message = f"{place}: expected {wanted}" if place else f"expected {wanted}"
        return InputFileError(self._path, f"{message}, found {compact(found)[:60]}", self._line)


def compact(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
