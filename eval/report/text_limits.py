"""Long texts: how much of them is kept, and how much was left out."""

from __future__ import annotations

from dataclasses import dataclass

TOTAL = 32_000_000
"""Most characters of stimulus, prompts and replies kept of one record, however long it is."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A text, or its beginning.

    Attributes:
        more: characters that were left out at its end.
    """

    text: str
    more: int = 0

    @property
    def size(self) -> int:
        """Characters of the whole text."""
        return len(self.text) + self.more

    def cut(self, most: int) -> Clip:
        """At most `most` characters of it."""
        most = max(most, 0)
        kept = self.text[:most]
        return self if len(kept) == len(self.text) else Clip(kept, self.size - len(kept))


class Allowance:
    """What is left of a number of characters that many texts share."""

    def __init__(self, characters: int = TOTAL) -> None:
        self.left = characters

    def take(self, text: str, most: int) -> Clip:
        """`text`, cut to `most` characters and to what is left."""
        clip = Clip(text).cut(min(most, self.left))
        self.left -= len(clip.text)
        return clip
