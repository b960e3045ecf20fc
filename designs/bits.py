"""Bit arithmetic on columns that several reference models use."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.trace import IntColumn


def bit_length(values: IntColumn) -> IntColumn:
    """The number of bits of each value: 0 for 0, else the n with 2^(n-1) <= value < 2^n. Any shape, int64.

    Args:
        values: in 0..2^53.
    """
    # frexp gives value = fraction * 2^exponent with fraction in [0.5, 1); a float holds integers of this size exactly.
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)
