"""Spearman's rank correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.eval.stats.clusters import Floats


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return the correlation of the ranks; equal values share their mean rank.

    None below three points, or if one side is constant.

    Raises:
        ValueError: the two sides have different lengths.
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
    """Return group -> correlation within it, for groups that have one."""
    found = {name: spearman(xs, ys) for name, (xs, ys) in groups.items()}
    return {name: value for name, value in found.items() if value is not None}


def average_ranks(values: Sequence[float]) -> Floats:
    """Return float64[values]: ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])
