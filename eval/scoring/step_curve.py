"""Calculations on a step curve: its value at a position, its area, and where it reaches a share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import log


def value_at(xs: Sequence[float], counts: Sequence[int], x: float) -> int:
    """Return the count at `x`: that of the last step at or before `x`, or 0 before the first step.

    Args:
        xs: position of each step, never decreasing.
        counts: count from each step on.
    """
    place = bisect_right(xs, x)
    return counts[place - 1] if place else 0


def area(xs: Sequence[float], counts: Sequence[int], total: int, bound: float) -> float:
    """Return the mean percentage of `total` between 0 and `bound`; the last count holds to the end."""
    if not total or bound <= 0:
        return 0.0
    places = [*(min(x, bound) for x in xs), bound]
    widths = zip(counts, places, places[1:], strict=False)
    return 100 * sum(count * (right - left) for count, left, right in widths) / (total * bound)


def log_area(xs: Sequence[float], counts: Sequence[int], total: int, bound: float) -> float | None:
    """Return the mean percentage of `total` over the logarithm of x between 1 and `bound`; None if `bound` <= 1."""
    if not total or bound <= 1:
        return None
    places = [log(min(max(x, 1.0), bound)) for x in (*xs, bound)]
    widths = zip(counts, places, places[1:], strict=False)
    return 100 * sum(count * (right - left) for count, left, right in widths) / (total * log(bound))


def reached(xs: Sequence[float], counts: Sequence[int], total: int, percent: int) -> float | None:
    """Return the position where `percent` of `total` is first reached, or None."""
    if not total:
        return None
    return next((x for x, count in zip(xs, counts, strict=True) if 100 * count >= percent * total), None)
