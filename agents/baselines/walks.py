"""Walks through streams of numbers: values that go on from one another, which uniform draws almost never do.

For fields that `dv_agent.designs.language.schema.streams_of_numbers` finds. Two uniform draws of 32 bits are no small
step apart, so what a design derives from neighbours (strides, runs, wraps) stays out of reach of them.
"""

from __future__ import annotations

import random
from typing import Any

MOST_BITS = 8
"""Of a step; longer ones are no more than uniform draws."""
LENGTHS = (4, 8, 12, 16, 24, 32)
"""How many values the same steps make before new ones are drawn."""
TURNS: tuple[Any, ...] = (1, 2, [1, 2], [1, 4])
"""How many steps take turns."""


def walk(bits: int, turns: Any, length: int) -> dict[str, Any]:
    """Return a walk by steps of so many bits in two's complement, sign included."""
    half = 1 << (bits - 1)
    return {"walk": [-half, half - 1], "turns": turns, "for": [length, length + 1]}


def drawn_walk(source: random.Random) -> dict[str, Any]:
    """Return a walk of any of the kinds above."""
    return walk(source.randint(2, MOST_BITS), source.choice(TURNS), source.choice(LENGTHS))
