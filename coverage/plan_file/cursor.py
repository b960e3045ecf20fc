"""Cursor: a place in a parsed document that reads one part at a time, and reports errors with the line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.files.documents import Document
from dv_agent.errors import InputFileError, UnknownNameError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A part of a document. Every method that reads raises `InputFileError` when the part is of another kind.

    Attributes:
        document: the parsed file.
        loc: the path of the part, as the argument of `Document.line`.
        data: the plain data of the part.
    """

    document: Document
    loc: tuple[str | int, ...]
    data: Any

    @property
    def line(self) -> int | None:
        """1-based line of the part."""
        return self.document.line(self.loc)

    def error(self, message: str) -> InputFileError:
        """Return an error that points at this part."""
        return self.document.error(self.loc, message)

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> InputFileError:
        """Return an error about an unknown name, with the nearest known ones."""
        return self.error(str(UnknownNameError(kind, name, known)))

    def wrong(self, expected: str) -> InputFileError:
        """Return an error with what was expected and what was found here."""
        shown = "nothing" if self.data is None else repr(self.data)
        return self.error(f"{self.label}: expected {expected}, found {shown[:60]}")

    @property
    def label(self) -> str:
        """The last word of the path, for messages."""
        words = [part for part in self.loc if isinstance(part, str)]
        return words[-1] if words else "the file"

    def fields(self, allowed: Iterable[str], required: Iterable[str] = ()) -> Cursor:
        """Return this part, checked to be a mapping with no other keys than `allowed`."""
        if not isinstance(self.data, dict):
            raise self.wrong("a mapping")
        names = tuple(allowed)
        for key in self.data:
            if key not in names:
                raise self.at(key).unknown("key", key, names)
        for key in required:
            if self.data.get(key) is None:
                raise self.error(f"missing key {key!r}")
        return self

    def at(self, key: str | int) -> Cursor:
        """Return the part below `key`, which must exist."""
        return Cursor(self.document, (*self.loc, key), self.data[key])

    def get(self, key: str) -> Cursor | None:
        """Return the part below `key` of a mapping, or None if it is absent."""
        return self.at(key) if key in self.data else None

    def entries(self) -> list[tuple[str, Cursor]]:
        """Return the keys and parts of a mapping that is not empty."""
        if not isinstance(self.data, dict) or not self.data:
            raise self.wrong("a mapping with at least one entry")
        return [(key, self.at(key)) for key in self.data]

    def items(self) -> list[Cursor]:
        """Return the parts of a list that is not empty."""
        if not isinstance(self.data, list) or not self.data:
            raise self.wrong("a list with at least one entry")
        return [self.at(index) for index in range(len(self.data))]

    def text(self) -> str:
        """Return a text that is not empty, on one line."""
        if not isinstance(self.data, str) or not self.data.strip():
            raise self.wrong("a text")
        return " ".join(self.data.split())

    def identifier(self) -> str:
        """Return a name of letters, digits and underscores."""
        if not isinstance(self.data, str) or not _IDENTIFIER.fullmatch(self.data):
            raise self.wrong("a name of letters, digits and underscores (quote words such as 'on')")
        return self.data

    def word(self) -> str:
        """Return a text or an integer as text, which is how bin names are cited."""
        if isinstance(self.data, bool) or not isinstance(self.data, str | int):
            raise self.wrong("a name (quote words such as 'on')")
        return str(self.data)

    def integer(self, low: int, high: int) -> int:
        """Return an integer within inclusive bounds."""
        if isinstance(self.data, bool) or not isinstance(self.data, int) or not low <= self.data <= high:
            raise self.wrong(f"an integer from {low} to {high}")
        return self.data

    def flag(self) -> bool:
        """Return ``true`` or ``false`` as a bool."""
        if not isinstance(self.data, bool):
            raise self.wrong("true or false")
        return self.data
