"""Limits on long texts: how much is kept and how much was left out."""

from __future__ import annotations

from dataclasses import dataclass

TOTAL = 32_000_000
"""Most characters of stimulus, prompts and replies kept of one record, however long it is."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A text, or only its beginning.

    Attributes:
        more: number of characters left out at its end.
    """

    text: str
    more: int = 0

    @property
    def size(self) -> int:
        """Return the number of characters of the whole text."""
        return len(self.text) + self.more

    def cut(self, most: int) -> Clip:
        """Return at most the first `most` characters."""
        most = max(most, 0)
        kept = self.text[:most]
        return self if len(kept) == len(self.text) else Clip(kept, self.size - len(kept))


class Allowance:
    """A number of characters shared by many texts; counts how many are left."""

    def __init__(self, characters: int = TOTAL) -> None:
        self.left = characters

    def take(self, text: str, most: int) -> Clip:
        """Return `text`, cut to `most` characters and to the number that is left."""
        clip = Clip(text).cut(min(most, self.left))
        self.left -= len(clip.text)
        return clip
