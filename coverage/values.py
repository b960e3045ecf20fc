"""Sets of integers for bins: sorted, disjoint, inclusive ranges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LIMIT = (1 << 62) - 1
"""Maximum magnitude of a value in a plan; keeps every difference of two values inside int64."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A set of integers.

    Attributes:
        ranges: inclusive (low, high) pairs, ascending, with a gap of at least one value between two pairs.
    """

    ranges: tuple[Range, ...]

    @property
    def size(self) -> int:
        """The number of integers in the set."""
        return sum(high - low + 1 for low, high in self.ranges)

    def __contains__(self, value: int) -> bool:
        return any(low <= value <= high for low, high in self.ranges)

    def __str__(self) -> str:
        return ", ".join(range_text(low, high) for low, high in self.ranges)

    def minus(self, other: ValueSet) -> ValueSet:
        """Return the members of this set that are not in `other`; may be empty."""
        kept = list(self.ranges)
        for low, high in other.ranges:
            kept = [part for piece in kept for part in _cut(piece, low, high)]
        return ValueSet(tuple(kept))

    def common(self, other: ValueSet) -> int | None:
        """Return one value that is in both sets, or None."""
        for low, high in self.ranges:
            for other_low, other_high in other.ranges:
                if low <= other_high and other_low <= high:
                    return max(low, other_low)
        return None


def value_set(ranges: Iterable[Range]) -> ValueSet:
    """Return the union of inclusive ranges, each with low <= high."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return ValueSet(tuple(merged))


def union(sets: Iterable[ValueSet]) -> ValueSet:
    """Return the union of `sets`."""
    return value_set(pair for one in sets for pair in one.ranges)


def range_text(low: int, high: int) -> str:
    """Return ``3`` for a single value, ``-8..-1`` for a range."""
    return str(low) if low == high else f"{low}..{high}"


def _cut(piece: Range, low: int, high: int) -> list[Range]:
    if piece[1] < low or high < piece[0]:
        return [piece]
    rest = [(piece[0], low - 1), (high + 1, piece[1])]
    return [(a, b) for a, b in rest if a <= b]
