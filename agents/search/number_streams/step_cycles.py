"""Steps of walks in random order without repetition, as `randc` draws; those that won nothing come again first."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product

MOST = 4096
"""Combinations of steps up to which they are gone through; of more, none is likely to come twice."""
ALL_AGAIN = 4
"""Every so many rounds all combinations come again, also those that won."""
Steps = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SteppedNumbers:
    """Numbers from 0 on, `length` of them made by each of `steps` in turn."""

    length: int
    steps: tuple[Steps, ...]

    def numbers(self) -> list[int]:
        """Return the numbers."""
        found, value = list[int](), 0
        for steps in self.steps:
            for place in range(self.length):
                found.append(value)
                value += steps[place % len(steps)]
        return found

    def at(self, place: int) -> Steps | None:
        """Return the steps that number `place` belongs to; None beyond the last one."""
        index = place // self.length
        return self.steps[index] if index < len(self.steps) else None


class StepCycles:
    """The order of the steps of each kind of walk; a new one when all have come."""

    def __init__(self) -> None:
        self._left: dict[tuple[int, int, int], list[Steps]] = {}
        self._rounds: dict[tuple[int, int, int], int] = {}
        self._won = set[Steps]()

    def drawn(self, bits: int, turns: int, length: int, count: int, source: random.Random) -> SteppedNumbers:
        """Return about `count` numbers by steps of so many bits in two's complement, `turns` of which take turns.

        Raises:
            ValueError: there are more than `MOST` combinations of steps.
        """
        if not gone_through(bits, turns):
            raise ValueError(f"{turns} steps of {bits} bits have too many combinations")
        wanted = max(1, count // length)
        return SteppedNumbers(length, tuple(self._next((bits, turns, length), source) for _ in range(wanted)))

    def won(self, steps: Steps | None) -> None:
        """Note that a new bin was hit while these steps were walked."""
        self._won |= {steps} if steps else set()

    def _next(self, kind: tuple[int, int, int], source: random.Random) -> Steps:
        left = self._left.setdefault(kind, [])
        if not left:
            half, rounds = 1 << (kind[0] - 1), self._rounds.get(kind, 0)
            every = list(product(range(-half, half), repeat=kind[1]))
            left += [one for one in every if one not in self._won] if rounds % ALL_AGAIN else []
            left += [] if left else every
            source.shuffle(left)
            self._rounds[kind] = rounds + 1
        return left.pop()


def gone_through(bits: int, turns: int) -> bool:
    """Return whether all combinations of steps are few enough to come in turn."""
    return 1 << bits * turns <= MOST
