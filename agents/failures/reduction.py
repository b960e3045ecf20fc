"""Delta debugging of plain data: shorter lists, simpler values, each kept only if it is good."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Path = tuple[str | int, ...]
"""Keys and indices that lead to a part of JSON data."""
EXTRAS = ("gap", "with", "latency", "times")
"""Keys of a step or beat that may be left out."""


def reduce_list(items: Sequence[T], good: Callable[[list[T]], bool]) -> list[T]:
    """A shorter list that is still good: halves are dropped, then quarters, down to single items, from the end.

    Args:
        good: asked O(len(items)) times; `items` itself is taken to be good.
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
    """Numbers to try instead of `value`, the simplest first."""
    sign = 1 if value > 0 else -1
    return [one for one in dict.fromkeys((0, sign, sign * (abs(value) // 2), value - sign)) if abs(one) < abs(value)]


def numbers(data: Any, where: Path = ()) -> Iterator[Path]:
    """The places of all numbers in `data` that are not 0."""
    if isinstance(data, int) and not isinstance(data, bool) and data:
        yield where
    for key, part in _parts(data):
        yield from numbers(part, (*where, key))


def number_lists(data: Any, where: Path = ()) -> Iterator[Path]:
    """The places of all lists of two or more numbers that are not all 0."""
    if isinstance(data, list) and len(data) > 1 and all(isinstance(one, int) for one in data) and any(data):
        yield where
    for key, part in _parts(data):
        yield from number_lists(part, (*where, key))


def extras(data: Any, where: Path = ()) -> Iterator[Path]:
    """The places of all keys of `EXTRAS`."""
    for key, part in _parts(data):
        if key in EXTRAS:
            yield (*where, key)
        yield from extras(part, (*where, key))


def at(data: Any, where: Path) -> Any:
    """The part of `data` at a place."""
    for key in where:
        data = data[key]
    return data


def with_value(data: Any, where: Path, value: Any) -> Any:
    """A copy of `data` with another value at a place."""
    changed = copy.deepcopy(data)
    at(changed, where[:-1])[where[-1]] = value
    return changed


def without(data: Any, places: Sequence[Path]) -> Any:
    """A copy of `data` without the keys at `places`."""
    changed = copy.deepcopy(data)
    for where in sorted(places, key=len, reverse=True):
        del at(changed, where[:-1])[where[-1]]
    return changed


def _parts(data: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list | tuple):
        yield from enumerate(data)
