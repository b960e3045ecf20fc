"""Which of many rows differ: all pairs at once, with one error level over all of them.

Holm's correction multiplies p-values by the number of pairs. With eight designs no p-value is below 2 / 2^8, so five
rows (ten pairs) could never be told apart, however clear the case. The step-down minP procedure of Westfall and Young
flips the signs of a design for all pairs together and asks how often the *least* p-value of the pairs would be as
small as one that was seen. It holds the same level, is never stricter than Holm, and uses that the pairs hang together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from dv_agent.eval.stats.clusters import Clusters
from dv_agent.eval.stats.sign_flip import flips, p_values

LEVEL = 0.05
Pair: TypeAlias = tuple[str, str]


def adjusted(differences: Mapping[Pair, Clusters], seed: int = 0) -> dict[Pair, float]:
    """Pair -> p-value, adjusted for the number of pairs; a pair without any difference seen is left out.

    Args:
        differences: pair -> design -> differences of the same seed.
    """
    held = {pair: some for pair, some in differences.items() if any(some.values())}
    designs = sorted({name for some in held.values() for name, values in some.items() if values})
    if not held:
        return {}
    means = np.array([[_mean(some.get(name, ())) for name in designs] for some in held.values()])
    p = p_values(np.abs(means @ flips(len(designs), seed).T))
    order = np.argsort(p[:, 0], kind="stable")
    # For each way: the least p-value among this pair and those that are less significant.
    least = np.minimum.accumulate(p[order][::-1], axis=0)[::-1]
    seen = p[order, 0]
    steps = (least <= seen[:, None] + 1e-12).mean(axis=1)
    stepped = np.maximum.accumulate(steps)
    pairs = list(held)
    return {pairs[place]: float(value) for place, value in zip(order.tolist(), stepped, strict=True)}


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


def _mean(values: Sequence[float]) -> float:
    """Without a pair on a design nothing was seen to differ on it."""
    return sum(values) / len(values) if values else 0.0
