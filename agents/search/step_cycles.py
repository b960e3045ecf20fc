"""Steps of walks in random order without repetition, as `randc` of SystemVerilog draws."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

MOST = 4096
"""Combinations of steps up to which they are gone through; of more, none is likely to come twice."""


class StepCycles:
    """The order of the steps of each kind of walk; a new one when all have come."""

    def __init__(self) -> None:
        self._left: dict[tuple[int, int, int], list[tuple[int, ...]]] = {}

    def numbers(self, bits: int, turns: int, length: int, count: int, source: random.Random) -> Iterator[int]:
        """Yield `count` numbers from 0 on; `turns` steps of so many bits in two's complement make `length` of them.

        Raises:
            ValueError: there are more than `MOST` combinations of steps.
        """
        value = 0
        for place in range(count):
            if place % length == 0:
                steps = self._next(bits, turns, length, source)
            yield value
            value += steps[place % length % turns]

    def _next(self, bits: int, turns: int, length: int, source: random.Random) -> tuple[int, ...]:
        if not gone_through(bits, turns):
            raise ValueError(f"{turns} steps of {bits} bits have too many combinations")
        left = self._left.setdefault((bits, turns, length), [])
        if not left:
            half = 1 << (bits - 1)
            left += product(range(-half, half), repeat=turns)
            source.shuffle(left)
        return left.pop()


def gone_through(bits: int, turns: int) -> bool:
    """Return whether all combinations of steps are few enough to come in turn."""
    return 1 << bits * turns <= MOST
