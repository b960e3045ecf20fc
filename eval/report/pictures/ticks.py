"""Round numbers for the ticks of an axis."""

from __future__ import annotations

import math


def ticks(highest: float, about: int = 5) -> tuple[float, ...]:
    """Return about `about` (3 or more) round numbers from 0 to `highest`, in equal steps of 1, 2 or 5 times a power of
    ten.

    Steps are never below 1: axes of this report count things. The last tick is at most `highest`.
    """
    step = _step(highest, about)
    return tuple(step * place for place in range(int(highest / step) + 1))


def _step(highest: float, about: int) -> float:
    rough = highest / about
    if rough <= 1:
        return 1
    power: float = 10 ** math.floor(math.log10(rough))
    return next(power * unit for unit in (1, 2, 5, 10) if power * unit >= rough)
