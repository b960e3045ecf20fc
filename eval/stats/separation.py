"""Which of many rows differ: all pairs at once, with one error level over all of them.

Holm's correction multiplies p-values by the number of pairs. With eight designs no p-value is below 2 / 2^8, so five
rows (ten pairs) could never be told apart, however clear the case. The step-down maxT procedure of Westfall and Young
holds the same level without that: it flips the signs of a design for all pairs together, and asks how often the
largest statistic of the pairs that are not settled yet would be as large as the one that was seen.

Each pair is measured by its own spread: the statistic is its mean difference over the root mean square of its
differences (`strength`). That grows with Student's t, and lies between 0 and 1. So a pair whose differences are large
and say nothing weighs no more than any other, and hides nobody's small and constant one.
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
    """Pair -> p-value, adjusted for the number of pairs; a pair without any difference seen is left out.

    Pairs on too few designs to be told apart at all (`smallest_p`) get 1, and are no burden to the others: how many
    designs a pair shares is known before any score.

    Args:
        differences: pair -> design -> differences of the same seed.
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
    # For each way to flip: the largest statistic of this pair and of those that come after it.
    largest = np.maximum.accumulate(sizes[order][::-1], axis=0)[::-1]
    seen = sizes[order, 0]
    steps = (largest >= seen[:, None] - CLOSE).mean(axis=1)
    stepped = np.maximum.accumulate(steps)
    pairs = list(held)
    return {pairs[place]: float(value) for place, value in zip(order.tolist(), stepped, strict=True)}


def strength(means: Floats, shared: Floats, ways: Floats) -> Floats:
    """float64[pairs, ways] from 0 to 1: the size of the mean over the root mean square, which flips leave as it is.

    With D designs Student's t is sqrt((D - 1) s² / (1 - s²)) for a strength of s. Without any difference it is 0.

    Args:
        means: float64[pairs, designs], the mean difference on each design; 0 where a pair has none.
        shared: float64[pairs], on how many designs a pair has one.
        ways: float64[ways, designs] of 1 and -1.
    """
    scale = np.sqrt((means**2).sum(axis=1) * shared)[:, None]
    units = np.divide(means, scale, out=np.zeros_like(means), where=scale > 0)
    return np.asarray(np.abs(units @ ways.T))


def ranks(rows: Sequence[str], better: Mapping[Pair, float], p: Mapping[Pair, float]) -> dict[str, int]:
    """Row -> 1 + the number of rows that are better by more than chance explains. Rows not separated may share one.

    Args:
        better: (one, other) -> mean difference, one less other.
        p: (one, other) -> adjusted p-value.
    """
    worse = dict.fromkeys(rows, 0)
    for (one, other), difference in better.items():
        if p.get((one, other), 1.0) <= LEVEL and difference != 0:
            worse[other if difference > 0 else one] += 1
    return {row: 1 + count for row, count in worse.items()}


def _means(held: Mapping[Pair, Clusters], designs: Sequence[str]) -> Floats:
    """float64[pairs, designs]: the mean difference of a pair on each design; 0 where it has no pair there."""
    rows = [[(sum(values) / len(values) if (values := some.get(name)) else 0.0) for name in designs]
            for some in held.values()]  # fmt: skip
    return np.array(rows, dtype=np.float64)
