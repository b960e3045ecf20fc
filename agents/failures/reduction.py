"""Delta debugging of JSON data: shorter lists and simpler values, each kept only if it still passes a predicate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Path = tuple[str | int, ...]
"""Keys and indices that lead to a part of JSON data."""
EXTRAS = ("gap", "with", "latency", "times", "for")
"""Optional keys of a step or beat, which may be removed."""


def reduce_list(items: Sequence[T], good: Callable[[list[T]], bool]) -> list[T]:
    """Return a shorter list that is still `good`: drop halves, then quarters, down to single items, from the end.

    Args:
        good: the predicate, called O(len(items)) times; it is assumed to hold for `items`.
    """
    kept = list(items)
    size = max(len(kept) // 2, 1)
    while kept:
        place = len(kept)
        while place > 0:
            first = max(place - size, 0)
            shorter = kept[:first] + kept[place:]
            if good(shorter):
                kept = shorter
            place = min(first, len(kept))
        if size == 1:
            break
        size //= 2
    return kept


def simpler_numbers(value: int) -> list[int]:
    """Return numbers to try instead of `value`, the simplest first."""
    sign = 1 if value > 0 else -1
    return [one for one in dict.fromkeys((0, sign, sign * (abs(value) // 2), value - sign)) if abs(one) < abs(value)]


def numbers(data: Any, where: Path = ()) -> Iterator[Path]:
    """Yield the paths of all numbers in `data` that are not 0."""
    if isinstance(data, int) and not isinstance(data, bool) and data:
        yield where
    for key, part in _parts(data):
        yield from numbers(part, (*where, key))


def number_lists(data: Any, where: Path = ()) -> Iterator[Path]:
    """Yield the paths of all lists of two or more numbers that are not all 0."""
    if isinstance(data, list) and len(data) > 1 and all(isinstance(one, int) for one in data) and any(data):
        yield where
    for key, part in _parts(data):
        yield from number_lists(part, (*where, key))


def extras(data: Any, where: Path = ()) -> Iterator[Path]:
    """Yield the paths of all keys in `EXTRAS`."""
    for key, part in _parts(data):
        if key in EXTRAS:
            yield (*where, key)
        yield from extras(part, (*where, key))


def at(data: Any, where: Path) -> Any:
    """Return the part of `data` at a path."""
    for key in where:
        data = data[key]
    return data


def with_value(data: Any, where: Path, value: Any) -> Any:
    """Return a copy of `data` with another value at a path."""
    changed = copy.deepcopy(data)
    at(changed, where[:-1])[where[-1]] = value
    return changed


def without(data: Any, places: Sequence[Path]) -> Any:
    """Return a copy of `data` without the keys at `places`."""
    changed = copy.deepcopy(data)
    for where in sorted(places, key=len, reverse=True):
        del at(changed, where[:-1])[where[-1]]
    return changed


def _parts(data: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list | tuple):
        yield from enumerate(data)
