"""Where in a reply JSON is looked for: behind a model's thinking, in fenced blocks first, else anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dv_agent.agents.llm.json_scanner import Reading, read_value

MAX_VALUES = 2_000
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_START = re.compile(r"[{\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON value of a reply, or what a syntax error left of one.

    Attributes:
        place: where it starts in the reply.
        broken: whether a value of the same block was broken before: then this may be a piece of it.
    """

    place: int
    reading: Reading
    broken: bool


def values(text: str) -> tuple[list[Found], int]:
    """The values in fenced blocks if there are any, else those of the whole text; and where looking for them ended."""
    search = _Search(text)
    fenced = [found for start, end in _blocks(text) for found in search.values(start, end)]
    if fenced:
        return fenced, search.stopped
    search = _Search(text)
    return list(search.values(0, len(text))), search.stopped


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of what stands between fences; the last block may lack its closing fence."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    for opening in range(0, len(fences), 2):
        closing = fences[opening + 1][0] if opening + 1 < len(fences) else len(text)
        yield fences[opening][1], closing


class _Search:
    """Looks for values; gives up behind `MAX_VALUES` brackets, so that a reply of brackets alone costs little.

    Attributes:
        stopped: where it gave up, else the end of the text.
    """

    def __init__(self, text: str) -> None:
        self._text, self._left, self.stopped = text, MAX_VALUES, len(text)

    def values(self, start: int, end: int) -> Iterator[Found]:
        """Every value in a part of the text. Behind an error the search goes on where reading stopped."""
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


def _substantial(found: Found) -> bool:
    """Whether it is more than the brackets of prose, such as ``in[0]`` or ``[see below]``."""
    value, opened = found.reading.value, found.reading.open
    if found.reading.error:
        return len(opened) > 1 or any(container for _, container in opened)
    return isinstance(value, dict) or any(isinstance(one, dict | list) for one in value)
