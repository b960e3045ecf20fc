"""A scanner for JSON values in free text; it never backtracks, so its time is linear in the length of the text.

Beyond the standard it accepts deviations that models write and that have only one possible meaning: trailing commas,
comments, single and typographic quotes, Unicode spaces, Python's ``True``, ``False`` and ``None``. Each is counted as
repaired. A part that has no meaning as a value (NaN, a huge number, a key given twice) is replaced by a `JsonFault`, so
that only the test around it is lost. A syntax error ends the value; the parts that were complete before it are kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_DEPTH = 40
MAX_DIGITS = 20

_BLANK = r"\t\r\n "
_SKIP = re.compile(
    rf"(?:[{_BLANK}]+|(?P<space>[^\S{_BLANK}]|[\u200b-\u200d\u2060\ufeff])"
    r"|(?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/)){0,4000}\*/))*"  # longer comments are not accepted
)
_TOKEN = re.compile(
    r"""(?P<sign>[{}\[\]:,])|(?P<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*")|(?P<quoted>'[^'\\\n]*(?:\\.[^'\\\n]*)*'"""
    r"""|[\u201c\u201d\u201e][^\u201c\u201d\u201e\n]*[\u201c\u201d]|[\u2018\u2019][^\u2018\u2019\n]*\u2019)|(?P<number>[-+.]?\d[\w.+-]*)|(?P<word>-?[^\W\d]\w*)"""
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<rest>(?:\.\d+)?(?:[eE][-+]?\d+)?)", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}
_WORDS_OF_PYTHON = {"True": True, "False": False, "None": None}
_BARE_QUOTE = re.compile(r'\\(.)|(")', re.DOTALL)
_OPENING: dict[str, type[dict[str, Any]] | type[list[Any]]] = {"{": dict, "[": list}


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Placeholder for a value that had no meaning; its text is `token`, the characters of the reply."""

    reason: str
    token: str = "..."

    def __str__(self) -> str:
        return self.token[:40]


@dataclass(frozen=True, slots=True)
class Reading:
    """Result of reading one value.

    Attributes:
        value: the value, or None if a syntax error ended it.
        end: where reading stopped.
        error: empty if the value is complete.
        open: after an error, the containers that were not closed, outermost first, with their complete members,
            each with the key of the value that was being read.
        repaired: how many places were read although the JSON standard does not allow them, by kind.
    """

    value: Any
    end: int
    error: str = ""
    open: tuple[tuple[str, Any], ...] = ()
    repaired: Mapping[str, int] = field(default_factory=dict)


def read_value(text: str, start: int, end: int) -> Reading:
    """Read the JSON object or list that begins at ``text[start]``; characters from `end` on are ignored."""
    reader = _Reader(text, start, end)
    try:
        return Reading(reader.run(), reader.place, repaired=reader.repaired)
    except _SyntaxFault as fault:
        opened = tuple((frame.key, frame.container) for frame in reader.stack)
        return Reading(None, reader.place, str(fault), opened, reader.repaired)


def clean(text: str) -> str:
    """Return `text` with every surrogate replaced by U+FFFD, because UTF-8 cannot encode surrogates."""
    return _SURROGATE.sub("\ufffd", text)


class _SyntaxFault(Exception):
    pass


@dataclass(slots=True)
class _Frame:
    """Container that is not closed yet; `key` is the key of the next value."""

    container: dict[str, Any] | list[Any]
    key: str = ""
    expects: Literal["item", "colon", "value", "comma"] = "item"

    def store(self, value: Any) -> None:
        self.expects = "comma"
        if isinstance(self.container, list):
            self.container.append(value)
        elif self.key in self.container:
            self.container[self.key] = JsonFault("this key is given twice")
        else:
            self.container[self.key] = value


class _Reader:
    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self.place, self._end = text, start, end
        self.stack: list[_Frame] = []
        self.repaired: Counter[str] = Counter()

    def run(self) -> Any:
        """Read to the end of the value."""
        while True:
            kind, token = self._token()
            if kind == "sign" and token in _OPENING and self._wants_value():
                self._push(_OPENING[token]())
            elif kind == "sign" and token in "}]" and self._may_close(token):
                self.repaired["comma"] += self._behind_comma
                closed = self.stack.pop().container
                if not self.stack:
                    return closed
                self.stack[-1].store(closed)
            else:
                self._inside(kind, token)

    def _token(self) -> tuple[str, str]:
        skipped = _SKIP.match(self._text, self.place, self._end)
        if skipped:
            self.place = skipped.end()
            for what in ("space", "comment"):
                self.repaired[what] += skipped[what] is not None
        match = _TOKEN.match(self._text, self.place, self._end)
        if match is None:
            sign = self._text[self.place : min(self.place + 1, self._end)]
            what = "a text without its closing quote" if sign == '"' else f"unexpected {clean(sign)!r}"
            if not sign:
                what = "it ends too early"
            raise _SyntaxFault(what)
        self.place = match.end()
        if match.lastgroup == "quoted":
            self.repaired["quotes"] += 1
            return "string", _in_double_quotes(match.group())
        self.repaired["word"] += match.group() in _WORDS_OF_PYTHON
        return match.lastgroup or "", match.group()

    def _wants_value(self) -> bool:
        if not self.stack:
            return True
        frame = self.stack[-1]
        return frame.expects == "value" or (frame.expects == "item" and isinstance(frame.container, list))

    def _may_close(self, token: str) -> bool:
        frame = self.stack[-1]
        right = "]" if isinstance(frame.container, list) else "}"
        return token == right and frame.expects in ("item", "comma")

    @property
    def _behind_comma(self) -> bool:
        frame = self.stack[-1]
        return frame.expects == "item" and bool(frame.container)

    def _push(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _SyntaxFault(f"nested deeper than {MAX_DEPTH}")
        self.stack.append(_Frame(container))

    def _inside(self, kind: str, token: str) -> None:
        """Read a key, a colon, a comma or a plain value."""
        frame = self.stack[-1]
        if self._wants_value() and kind != "sign":
            frame.store(_plain(kind, token))
        elif frame.expects == "item" and kind == "string":
            frame.key, frame.expects = _key(token), "colon"
        elif frame.expects == "colon" and token == ":":
            frame.expects = "value"
        elif frame.expects == "comma" and token == ",":
            frame.expects = "item"
        else:
            # A bracket may begin the next value, so the search continues at the bracket, not after it.
            self.place -= len(token) if token in _OPENING else 0
            raise _SyntaxFault(f"expected {_expected(frame)}, found {clean(token)[:20]!r}")


def _expected(frame: _Frame) -> str:
    if frame.expects == "comma":
        return '"," or "]"' if isinstance(frame.container, list) else '"," or "}"'
    if frame.expects == "item" and isinstance(frame.container, dict):
        return "a key in double quotes"
    return '":"' if frame.expects == "colon" else "a value"


def _plain(kind: str, token: str) -> Any:
    if kind == "string":
        return _string(token)
    if kind == "number":
        return _number(token)
    words = _WORDS | _WORDS_OF_PYTHON
    return words[token] if token in words else JsonFault(f"{token[:20]!r} is no JSON value", token)


def _in_double_quotes(token: str) -> str:
    """Convert a string in other quotes to a JSON string in double quotes."""

    def quoted(match: re.Match[str]) -> str:
        return '\\"' if match[2] else match[1] if match[1] in "'\u2018\u2019" else match[0]

    return f'"{_BARE_QUOTE.sub(quoted, token[1:-1])}"'


def _key(token: str) -> str:
    key = _string(token)
    return key if isinstance(key, str) else clean(token[1:-1])


def _string(token: str) -> str | JsonFault:
    try:
        return clean(json.loads(token, strict=False))
    except ValueError:
        return JsonFault(f"{clean(token)[:20]!r} is no JSON text", clean(token))


def _number(token: str) -> int | float | JsonFault:
    match = _NUMBER.fullmatch(token)
    if match is None:
        return JsonFault(f"{token[:20]!r} is no JSON number; write a decimal integer", token)
    if len(token) > MAX_DIGITS:
        return JsonFault(f"the number {token[:12]}... is too large", token)
    if not match["rest"]:
        return int(token)
    value = float(token)
    if abs(value) >= 1 << 63:
        return JsonFault(f"the number {token} is too large", token)
    return int(value) if value.is_integer() else value
