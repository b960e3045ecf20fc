"""Cutting a prompt to its token limit: lists are shortened first, then parts are removed, least important first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dv_agent.errors import UsageError
from dv_agent.prompts.parts import Cut, Part, Section
from dv_agent.prompts.text.tokens import MESSAGE_OVERHEAD, estimate_tokens

Draw = Callable[[Section, int | None], str]
"""Return the text of a section with that many of its items; None gives the note that it was left out."""


def fit(sections: Sequence[Section], limit: int, draw: Draw) -> tuple[tuple[Part, ...], tuple[Cut, ...]]:
    """Return the parts that fit into `limit` tokens, and what was cut.

    Raises:
        UsageError: the parts that may not be cut are larger than `limit`.
    """
    page = _Page(sections, limit, draw)
    falling = sorted((one for one in sections if one.kind.priority), key=lambda one: -one.kind.priority)
    for section in falling:
        page.shorten(section, section.kind.floor)
    for section in falling:
        page.drop(section)
    if page.excess > 0:
        raise UsageError(
            f"the prompt needs at least {limit + page.excess} tokens (estimated) beside the reply, {limit} are there; "
            "raise context_tokens or lower max_tokens"
        )
    return page.parts(), page.cuts()


@dataclass(slots=True)
class _Drawn:
    shown: int | None
    text: str
    tokens: int


class _Page:
    def __init__(self, sections: Sequence[Section], limit: int, draw: Draw) -> None:
        self._sections, self._limit, self._draw = sections, limit, draw
        self._whole = {one.name: self._try(one, len(one.items)) for one in sections}
        self._now = dict(self._whole)

    @property
    def excess(self) -> int:
        used = sum(one.tokens for one in self._now.values()) + 2 * MESSAGE_OVERHEAD
        return used - self._limit

    def shorten(self, section: Section, floor: int) -> None:
        """Keep as many items as fit into the prompt, but at least `floor`."""
        if self.excess <= 0 or len(section.items) <= floor:
            return
        room = self._now[section.name].tokens - self.excess
        low, high = floor, len(section.items) - 1
        best = self._try(section, low)
        while low < high:
            middle = (low + high + 1) // 2
            tried = self._try(section, middle)
            if tried.tokens <= room:
                low, best = middle, tried
            else:
                high = middle - 1
        self._now[section.name] = best

    def drop(self, section: Section) -> None:
        """Shorten below the floor, and remove the part if that is not enough."""
        if self.excess <= 0:
            return
        self.shorten(section, 1)
        note = self._try(section, None)
        if self.excess > 0 and note.tokens < self._now[section.name].tokens:
            self._now[section.name] = note

    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(one.name, one.kind.message, one.kind.priority, self._now[one.name].text, self._now[one.name].tokens)
            for one in self._sections
        )

    def cuts(self) -> tuple[Cut, ...]:
        found = []
        for section in self._sections:
            now, before = self._now[section.name], self._whole[section.name]
            if now.shown != before.shown:
                items = len(section.items) - (now.shown or 0)
                found.append(Cut(section.name, before.tokens - now.tokens, items, now.shown is None))
        return tuple(found)

    def _try(self, section: Section, shown: int | None) -> _Drawn:
        if not shown and section.items:
            shown = None  # a list without items would only leave a heading
        text = self._draw(section, shown)
        return _Drawn(shown, text, estimate_tokens(text))
