"""Distributions over integers, as random blocks and stimulus schemas write them.

::

    5                                   always 5
    [0, 7]                              uniform over the inclusive range
    {"set": [1, 3, 9]}                  uniform over the listed values
    {"set": [0, [4, 7]]}                the same, with ranges: here over 0, 4, 5, 6 and 7
    {"range": [0, 60], "step": 4}       uniform over every fourth value, from the first on
    {"weights": [[0, 60], [[1, 3], 40]]}  each part is a distribution, with its weight relative to the others
    {"walk": [-4, 4]}                   a sequence: each value is the one before plus a step, see `Walk`
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

MAX_PARTS = 256
MAX_TURNS = 16
MAX_FOR = 1_000_000
WALK_KEYS = ("walk", "turns", "for", "from")


class DistributionError(ValueError):
    """The error that data is not a distribution, or exceeds the allowed range."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A mixture of inclusive ranges (first, last, step); `cumulative` are the running weights of `ranges`."""

    ranges: tuple[tuple[int, int, int], ...]
    cumulative: tuple[float, ...]

    @property
    def low(self) -> int:
        """Least value that can be drawn."""
        return min(low for low, _, _ in self.ranges)

    @property
    def high(self) -> int:
        """Greatest value that can be drawn."""
        return max(high for _, high, _ in self.ranges)

    def draw(self, source: random.Random) -> int:
        """Return one drawn value; takes one or two numbers from `source`."""
        low, high, step = self.ranges[0]
        if len(self.ranges) > 1:
            low, high, step = self.ranges[bisect(self.cumulative, source.random() * self.cumulative[-1])]
        # int(random() * n) is three times as fast as randint, and its bias below 2**-30 does not matter here.
        return low if low == high else low + step * int(source.random() * ((high - low) // step + 1))

    def drawer(self, source: random.Random) -> Callable[[], int]:
        """Return a function that draws as `draw` does, for many draws: it takes a third of the time."""
        number = source.random
        parts = [_counted(one) for one in self.ranges]
        low, step, count = parts[0]
        if len(parts) > 1:
            return _mixture(parts, self.cumulative, number)
        return (lambda: low + step * int(number() * count)) if count else (lambda: low)

    @property
    def plain(self) -> tuple[int, int, int] | None:
        """First value, step and number of values of a single range; None if there are several.

        A draw is then ``first + step * int(source.random() * count)``; if `count` is 0, just ``first``.
        """
        return None if len(self.ranges) > 1 else _counted(self.ranges[0])


@dataclass(frozen=True, slots=True)
class Walk:
    """A sequence of values, each the one before plus a step; beyond ``low..high`` it goes on from the other end.

    Attributes:
        low, high: bounds of the values.
        first: the value that the sequence begins with.
        steps: distribution of the steps.
        turns: how many steps are drawn at once; they take turns.
        lasts: how many values they make before new ones are drawn.
    """

    low: int
    high: int
    first: Distribution
    steps: Distribution
    turns: Distribution
    lasts: Distribution

    def draw(self, source: random.Random) -> int:
        """Return the first value of a sequence."""
        return self.first.draw(source)

    def drawer(self, source: random.Random) -> Callable[[], int]:
        """Return a function whose calls give the values of one sequence, in order."""
        values = self._values(source)
        return lambda: next(values)

    def _values(self, source: random.Random) -> Iterator[int]:
        low, span = self.low, self.high - self.low + 1
        value = self.first.draw(source)
        yield value
        while True:
            steps = [self.steps.draw(source) for _ in range(self.turns.draw(source))]
            for place in range(self.lasts.draw(source)):
                value = low + (value - low + steps[place % len(steps)]) % span
                yield value

    @property
    def plain(self) -> None:
        """None: no single range gives its values."""
        return


Drawn = Distribution | Walk
"""What a random block draws the values of a key from."""


def _counted(part: tuple[int, int, int]) -> tuple[int, int, int]:
    low, high, step = part
    return low, step, 0 if low == high else (high - low) // step + 1


def _mixture(
    parts: Sequence[tuple[int, int, int]], cumulative: Sequence[float], number: Callable[[], float]
) -> Callable[[], int]:
    total = cumulative[-1]

    def draw() -> int:
        low, step, count = parts[bisect(cumulative, number() * total)]
        return low + step * int(number() * count) if count else low

    return draw


def parse_drawn(data: Any, low: int, high: int) -> Drawn:
    """Parse a distribution or a walk whose values must all be in ``low..high``.

    Raises:
        DistributionError: with what was found and what was expected.
    """
    if not (isinstance(data, dict) and "walk" in data):
        return parse_distribution(data, low, high)
    if unknown := [key for key in data if key not in WALK_KEYS]:
        raise DistributionError(f"a walk has {', '.join(WALK_KEYS)}; found {str(unknown[0])[:40]!r}")
    span = high - low
    return Walk(
        low,
        high,
        first=_part_of_walk(data, "from", [low, high], low, high),
        steps=_part_of_walk(data, "walk", 0, -span, span),
        turns=_part_of_walk(data, "turns", 1, 1, MAX_TURNS),
        lasts=_part_of_walk(data, "for", 1, 1, MAX_FOR),
    )


def _part_of_walk(walk: dict[str, Any], key: str, usual: Any, low: int, high: int) -> Distribution:
    try:
        return parse_distribution(walk.get(key, usual), low, high)
    except DistributionError as error:
        raise DistributionError(f"{key}: {error}") from None


def parse_distribution(data: Any, low: int, high: int) -> Distribution:
    """Parse a distribution whose values must all be in ``low..high``; a walk is none, because its values have an order.

    Raises:
        DistributionError: with what was found and what was expected.
    """
    parts = _parts(data, 0)
    if len(parts) > MAX_PARTS:
        raise DistributionError(f"more than {MAX_PARTS} parts")
    for first, last, _, _ in parts:
        if first < low or last > high:
            raise DistributionError(f"{first if first < low else last} is outside {low}..{high}")
    return Distribution(
        tuple((first, last, step) for first, last, step, _ in parts), tuple(accumulate(weight for *_, weight in parts))
    )


_Part = tuple[int, int, int, float]  # first, last, step, weight


def _parts(data: Any, depth: int) -> list[_Part]:
    if _is_int(data):
        return [(data, data, 1, 1.0)]
    if isinstance(data, dict) and "walk" in data:
        raise DistributionError("a walk is a sequence, and cannot stand here")
    if isinstance(data, list) and len(data) == 2 and all(_is_int(x) for x in data):
        if data[0] > data[1]:
            raise DistributionError(f"range {data} is empty; write [low, high] with low <= high")
        return [(data[0], data[1], 1, 1.0)]
    if isinstance(data, dict) and len(data) == 1 and depth < 4:
        if "set" in data and isinstance(data["set"], list) and data["set"]:
            return [_member(entry) for entry in data["set"]]
        if "weights" in data and isinstance(data["weights"], list) and data["weights"]:
            return [part for entry in data["weights"] for part in _weighted(entry, depth)]
    if isinstance(data, dict) and set(data) == {"range", "step"} and _is_int(data["step"]) and data["step"] > 0:
        low, high, _, _ = _parts(data["range"], depth)[0]
        return [(low, high - (high - low) % data["step"], data["step"], 1.0)]
    raise DistributionError(
        f"{str(data)[:60]!r} is not a distribution; write 5, [low, high], "
        '{"set": [1, [4, 7]]} or {"weights": [[0, 3], [[1, 9], 1]]}'
    )


def _member(entry: Any) -> _Part:
    """Return a value or a range of a set; a range weighs as much as all its values, listed one by one."""
    if not (_is_int(entry) or (isinstance(entry, list) and len(entry) == 2 and all(map(_is_int, entry)))):
        raise DistributionError(f"{str(entry)[:60]!r} is neither an integer nor a range [low, high]; a set holds these")
    low, high, step, _ = _parts(entry, 0)[0]
    return low, high, step, float(high - low + 1)


def _weighted(entry: Any, depth: int) -> list[_Part]:
    if not (isinstance(entry, list) and len(entry) == 2):
        raise DistributionError(f"{str(entry)[:60]!r} is not a pair of distribution and weight")
    weight = entry[1]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1e9:
        raise DistributionError(f"weight {str(weight)[:20]!r} must be a number above 0 and at most 10^9")
    parts = _parts(entry[0], depth + 1)
    total = sum(part[3] for part in parts)
    return [(low, high, step, weight * share / total) for low, high, step, share in parts]


def _is_int(data: Any) -> bool:
    return isinstance(data, int) and not isinstance(data, bool) and abs(data) < 1 << 64
