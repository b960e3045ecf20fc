"""The search for JSON values in a reply: after the model's thinking, in fenced code blocks, else in the whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dv_agent.agents.llm.json_scanner import Reading, read_value

MAX_VALUES = 2_000
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_KEYS = {"tests", "tracks", "like"}
_START = re.compile(r"[{\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """JSON value found in a reply, or the part of it before a syntax error.

    Attributes:
        place: where it starts in the reply.
        broken: whether an earlier value of the same block had a syntax error: then this value may be a part of it.
    """

    place: int
    reading: Reading
    broken: bool


def values(text: str) -> tuple[list[Found], int]:
    """Return the values in fenced code blocks, or in the whole text if no test is in them.

    The second result is where the search ended.
    """
    search = _Search(text)
    fenced = [found for start, end in _blocks(text) for found in search.values(start, end)]
    if any(_promising(found.reading) for found in fenced):
        return fenced, search.stopped
    search = _Search(text)
    return list(search.values(0, len(text))), search.stopped


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Return start and end of the text between code fences; the last block may have no closing fence."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    for opening in range(0, len(fences), 2):
        closing = fences[opening + 1][0] if opening + 1 < len(fences) else len(text)
        yield fences[opening][1], closing


class _Search:
    """Search for values that stops after `MAX_VALUES` brackets, so that a reply of brackets only takes little time.

    Attributes:
        stopped: where the search stopped early, else the end of the text.
    """

    def __init__(self, text: str) -> None:
        self._text, self._left, self.stopped = text, MAX_VALUES, len(text)

    def values(self, start: int, end: int) -> Iterator[Found]:
        """Yield every value in a part of the text. After an error the search continues where the scanner stopped."""
        broken = False
        while self._left and (match := _START.search(self._text, start, end)):
            reading = read_value(self._text, match.start(), end)
            found = Found(match.start(), reading, broken)
            if _substantial(found):
                yield found
                broken = broken or bool(reading.error)
            start = max(reading.end, match.start() + 1)
            self._left -= 1
            if not self._left:
                self.stopped = start


def _promising(reading: Reading) -> bool:
    """Return whether tests may be in a value, or were before a syntax error."""
    return bool(reading.error) or isinstance(reading.value, list) or not _KEYS.isdisjoint(reading.value or ())


def _substantial(found: Found) -> bool:
    """Return whether it is more than brackets in prose, such as ``in[0]`` or ``[see below]``."""
    value, opened = found.reading.value, found.reading.open
    if found.reading.error:
        return len(opened) > 1 or any(container for _, container in opened)
    return isinstance(value, dict) or any(isinstance(one, dict | list) for one in value)
