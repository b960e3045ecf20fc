"""Spearman's rank correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.eval.stats.clusters import Floats


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """The correlation of the ranks, equal values sharing their mean rank.

    None below three points, or where one side is constant.

    Raises:
        ValueError: not as many on one side as on the other.
    """
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} values against {len(ys)}")
    if len(xs) < 3:
        return None
    one, other = average_ranks(xs), average_ranks(ys)
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale else None


def within(groups: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> dict[str, float]:
    """Group -> correlation inside it, where there is one."""
    found = {name: spearman(xs, ys) for name, (xs, ys) in groups.items()}
    return {name: value for name, value in found.items() if value is not None}


def average_ranks(values: Sequence[float]) -> Floats:
    """float64[values]: ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])
