"""Which of many rows differ: all pairs at once, with one error level over all of them.

Holm's correction multiplies p-values by the number of pairs. With eight designs no p-value is below 2 / 2^8, so five
rows (ten pairs) could never be told apart, however clear the case. The step-down maxT procedure of Westfall and Young
holds the same level without that: it flips the signs of a design for all pairs together, and asks how often the
largest mean difference of the pairs that are not settled yet would be as large as the one that was seen. All pairs
are measured in percentage points, so they need no common scale first.
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
    sizes = np.abs(_shares(held, designs) @ flips(len(designs), seed).T)
    order = np.argsort(-sizes[:, 0], kind="stable")
    # For each way to flip: the largest difference of this pair and of those that come after it.
    largest = np.maximum.accumulate(sizes[order][::-1], axis=0)[::-1]
    seen = sizes[order, 0]
    steps = (largest >= seen[:, None] - CLOSE * (1 + seen[:, None])).mean(axis=1)
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


def _shares(held: Mapping[Pair, Clusters], designs: Sequence[str]) -> Floats:
    """float64[pairs, designs]: what each design adds to the mean difference of a pair; 0 where it has no pair there."""
    rows = []
    for some in held.values():
        count = sum(bool(values) for values in some.values())
        means = [(sum(values) / len(values) if (values := some.get(name)) else 0.0) for name in designs]
        rows.append([mean / count for mean in means])
    return np.array(rows, dtype=np.float64)
