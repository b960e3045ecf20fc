"""Quantiles of Student's t distribution, by numerical integration.

scipy has them too, but it would add 100 MB for this one function.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_POINTS = 20_001


@lru_cache(maxsize=256)
def t_quantile(probability: float, freedom: int) -> float:
    """Return the value that Student's t with `freedom` degrees of freedom is below with probability `probability`.

    With t = sqrt(freedom) tan(angle) its density over the angle is cos(angle)^(freedom - 1) up to a constant, so a
    trapezoid sum over -pi/2 to pi/2 gives the distribution. Good to four digits for probabilities of 0.001 to 0.999.

    Raises:
        ValueError: a probability that is not between 0 and 1, or no degree of freedom.
    """
    if not 0 < probability < 1 or freedom < 1:
        raise ValueError(f"no such quantile: probability {probability}, {freedom} degrees of freedom")
    angles = np.linspace(-math.pi / 2, math.pi / 2, _POINTS)
    density = np.cos(angles).clip(0) ** (freedom - 1)
    steps = (density[1:] + density[:-1]) / 2
    below = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    return math.sqrt(freedom) * math.tan(float(np.interp(probability, below, angles)))
