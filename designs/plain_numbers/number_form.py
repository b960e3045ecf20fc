"""The form of stimulus as plain numbers: which numbers make one item, and which steps of which tracks they become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, field_validator

from dv_agent.designs.frozen import Frozen, Identifier

Bounds = Annotated[list[int], Field(min_length=2, max_length=2)]
Names = Annotated[dict[str, int], Field(min_length=1, max_length=64)]
Allowed = Bounds | Names
MOST_NUMBERS = 64
FURTHEST = 1 << 63


class NumberForm(Frozen):
    """What a list of numbers means, as the key ``numbers`` of stimulus.yaml says.

    Attributes:
        item: what the numbers of one item are together, in a word or two, as prompts call it.
        fields: the numbers of one item, in order: name -> ``[low, high]``, or word -> number.
        tracks: track -> the steps that an item becomes there; integers may be expressions over the fields.
    """

    item: str = Field(default="stimulus", max_length=60)
    fields: dict[Identifier, Allowed] = Field(min_length=1, max_length=MOST_NUMBERS)
    tracks: dict[Identifier, tuple[dict[str, Any], ...]] = Field(min_length=1)

    @field_validator("fields")
    @classmethod
    def _holds_numbers(cls, fields: dict[str, Allowed]) -> dict[str, Allowed]:
        for name, allowed in fields.items():
            values = allowed if isinstance(allowed, list) else list(allowed.values())
            if isinstance(allowed, list) and allowed[0] > allowed[1]:
                raise ValueError(f"{name}: [low, high] with low <= high is expected")
            if not all(abs(value) < FURTHEST for value in values):
                raise ValueError(f"{name}: a number has at most 63 bits")
        return fields

    def low(self, name: str) -> int:
        """Return the least value of a field."""
        allowed = self.fields[name]
        return allowed[0] if isinstance(allowed, list) else min(allowed.values())

    def high(self, name: str) -> int:
        """Return the greatest value of a field."""
        allowed = self.fields[name]
        return allowed[1] if isinstance(allowed, list) else max(allowed.values())

    def words(self, name: str) -> dict[str, int]:
        """Return the words that a field may be given as; none if it is a number only."""
        allowed = self.fields[name]
        return {} if isinstance(allowed, list) else allowed

    def allows(self, name: str, value: int) -> bool:
        """Return whether a field may have this value."""
        allowed = self.fields[name]
        return allowed[0] <= value <= allowed[1] if isinstance(allowed, list) else value in allowed.values()

    def ranges(self) -> Iterator[tuple[str, str]]:
        """Return each field with what it may be, in words."""
        for name, allowed in self.fields.items():
            yield name, f"{allowed[0]}..{allowed[1]}" if isinstance(allowed, list) else ", ".join(allowed)
