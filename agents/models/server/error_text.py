"""The parser of error bodies, in the various formats that servers use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_TEXT, MAX_PARTS, MAX_DEPTH = 4_000, 60, 8
_TEXTS = (
    "message", "error", "errors", "detail", "details", "msg", "error_message", "error_msg", "error_description",
    "description", "reason", "title", "cause", "metadata", "raw", "innererror", "fault", "faultstring",
)  # fmt: skip
_CODES = ("code", "type", "status", "error_code", "error_type", "status_code")
_GENERATED = ("failed_generation", "generated_text", "failed_output")
_HTML = re.compile(r"<\s*(?:!doctype|html|head|body|title|h1|center)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.{0,400}?)</title>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)|<[^>]*>?", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Said:
    """Content of an error body.

    Attributes:
        texts: messages for people, the outermost first.
        codes: error codes for programs, such as ``context_length_exceeded``.
        param: the parameter of the request that the error is about, if the server names it.
        status: an HTTP status that is written in the body.
        generated: text of the model, if the server refused it and quotes it.
    """

    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    param: str = ""
    status: int | None = None
    generated: str = ""

    @property
    def text(self) -> str:
        """All texts joined, without duplicates."""
        kept: list[str] = []
        for one in self.texts:
            if not any(one in other for other in kept):
                kept.append(one)
        return ": ".join(kept)[:MAX_TEXT]

    @property
    def everything(self) -> str:
        """Texts, codes and parameter joined, to search for words."""
        return " ".join((self.text, *self.codes, self.param))


def said_in(body: Any) -> Said:
    """Parse `body`: text of any kind (JSON, HTML, plain), or data read from JSON. Never raises."""
    said = Said()
    parts = iter(_parts(body, 0))
    for _, part in zip(range(MAX_PARTS), parts, strict=False):
        _take(said, part)
    if not said.texts and isinstance(body, dict | list) and body:
        said.texts.append(json.dumps(body, ensure_ascii=False, default=str)[:MAX_TEXT])
    return said


def _take(said: Said, part: Any) -> None:
    if isinstance(part, str):
        said.texts.append(" ".join(part[:MAX_TEXT].split()))
        return
    for name in _CODES:
        value = part.get(name)
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value, re.ASCII) else value
        if isinstance(number, int) and not isinstance(number, bool):
            if said.status is None and 400 <= number < 600:
                said.status = number
        elif isinstance(value, str) and value:
            said.codes.append(value[:200])
    where = part.get("param") or part.get("loc")
    if where and not said.param:
        said.param = ".".join(str(one) for one in where)[:200] if isinstance(where, list) else str(where)[:200]
    for name in _GENERATED:
        if isinstance(part.get(name), str) and not said.generated:
            said.generated = part[name][:400_000]


def _parts(body: Any, depth: int) -> Iterator[Any]:
    """Yield every object and every text of a body, outermost first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        yield from _texts(body, depth)
    elif isinstance(body, dict):
        yield body
        for name in _TEXTS:
            if name in body:
                yield from _parts(body[name], depth + 1)
    elif isinstance(body, list):
        for one in body[:MAX_PARTS]:
            yield from _parts(one, depth + 1)


def _texts(text: str, depth: int) -> Iterator[Any]:
    """Return plain text; for a web page its visible text; for JSON inside a string the texts of that JSON."""
    text = text.strip()
    if text[:1] in ("{", "["):
        try:
            inner = json.loads(text[: 100 * MAX_TEXT])
        except (ValueError, RecursionError):
            pass
        else:
            yield from _parts(inner, depth + 1)
            return
    if text and _HTML.search(text[:MAX_TEXT]):
        text = page_text(text)
    if text:
        yield text


def is_page(text: str) -> bool:
    """Return whether `text` is HTML."""
    return bool(_HTML.search(text[:MAX_TEXT]))


def page_text(page: str) -> str:
    """Return the title of a web page and the beginning of its visible text."""
    page = page[: 10 * MAX_TEXT]
    title = _TITLE.search(page)
    seen = " ".join(_UNSEEN.sub(" ", page).split())
    head = " ".join(_UNSEEN.sub(" ", title[1]).split()) if title else ""
    return f"a web page: {head or seen[:200] or 'without text'}"
