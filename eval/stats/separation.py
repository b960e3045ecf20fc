"""Significance of the differences between many rows: all pairs at once, with one error level over all of them.

Holm's correction multiplies p-values by the number of pairs. With eight designs no p-value is below 2 / 2^8, so five
rows (ten pairs) could never be separated, however large the difference. The step-down maxT procedure of Westfall and
Young keeps the same error level without this limit: it flips the signs of a design for all pairs together, and computes
how often the largest statistic of the remaining pairs would be at least as large as the observed one.

Each pair is measured relative to its own spread: the statistic is its mean difference divided by the root mean square
of its differences (`strength`). It increases with Student's t and lies between 0 and 1. So a pair with large but
inconsistent differences has no more weight than any other, and cannot hide a small but constant difference of another
pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from dv_agent.eval.stats.clusters import Clusters, Floats
from dv_agent.eval.stats.sign_flip import CLOSE, flips, smallest_p

LEVEL = 0.05
Pair: TypeAlias = tuple[str, str]


def adjusted(differences: Mapping[Pair, Clusters], seed: int = 0) -> dict[Pair, float]:
    """Return pair -> p-value, adjusted for the number of pairs; a pair without any observed difference is left out.

    Pairs with too few designs to be separated at all (`smallest_p`) get 1 and do not reduce the power for the others:
    how many designs a pair shares is known before any score.

    Args:
        differences: pair -> design -> differences between trials of the same seed.
    """
    every = {pair: some for pair, some in differences.items() if any(some.values())}
    held = {pair: some for pair, some in every.items() if smallest_p(sum(map(bool, some.values()))) <= LEVEL}
    return dict.fromkeys(every, 1.0) | _stepped(held, seed)


def _stepped(held: Mapping[Pair, Clusters], seed: int) -> dict[Pair, float]:
    designs = sorted({name for some in held.values() for name, values in some.items() if values})
    if not held:
        return {}
    shared = np.array([sum(map(bool, some.values())) for some in held.values()], dtype=np.float64)
    sizes = strength(_means(held, designs), shared, flips(len(designs), seed))
    order = np.argsort(-sizes[:, 0], kind="stable")
    # For each way to flip: the largest statistic of this pair and of the pairs after it.
    largest = np.maximum.accumulate(sizes[order][::-1], axis=0)[::-1]
    seen = sizes[order, 0]
    steps = (largest >= seen[:, None] - CLOSE).mean(axis=1)
    stepped = np.maximum.accumulate(steps)
    pairs = list(held)
    return {pairs[place]: float(value) for place, value in zip(order.tolist(), stepped, strict=True)}


def strength(means: Floats, shared: Floats, ways: Floats) -> Floats:
    """Return float64[pairs, ways] from 0 to 1: the absolute mean divided by the root mean square, which flips do not
    change.

    With D designs Student's t is sqrt((D - 1) s² / (1 - s²)) for a strength of s. Without any difference it is 0.

    Args:
        means: float64[pairs, designs], the mean difference on each design; 0 where a pair has no difference.
        shared: float64[pairs], number of designs with a difference of the pair.
        ways: float64[ways, designs], each 1 or -1.
    """
    scale = np.sqrt((means**2).sum(axis=1) * shared)[:, None]
    units = np.divide(means, scale, out=np.zeros_like(means), where=scale > 0)
    return np.asarray(np.abs(units @ ways.T))


def ranks(rows: Sequence[str], better: Mapping[Pair, float], p: Mapping[Pair, float]) -> dict[str, int]:
    """Return row -> 1 + the number of rows that are significantly better. Rows that are not separated may share a rank.

    Args:
        better: (one, other) -> mean difference, one minus other.
        p: (one, other) -> adjusted p-value.
    """
    worse = dict.fromkeys(rows, 0)
    for (one, other), difference in better.items():
        if p.get((one, other), 1.0) <= LEVEL and difference != 0:
            worse[other if difference > 0 else one] += 1
    return {row: 1 + count for row, count in worse.items()}


def _means(held: Mapping[Pair, Clusters], designs: Sequence[str]) -> Floats:
    """Return float64[pairs, designs]: the mean difference of a pair on each design; 0 where the pair has no values."""
    rows = [[(sum(values) / len(values) if (values := some.get(name)) else 0.0) for name in designs]
            for some in held.values()]  # fmt: skip
    return np.array(rows, dtype=np.float64)
