"""The order in which a change is tested: recorded tests that say most about it, and that differ, first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dv_agent.agents.turn import TestRecord

FUNCTIONAL = 3.0
"""A bin of the plan says more of what a test is about than a point of the code."""
NEAR, RELATED = 3.0, 5.0
"""How much more a point on the change weighs, and a functional bin that the same tests hit as such points."""
AGAIN = 0.5
"""What a bin still counts each time that a test played before has hit it: rare situations are tried several times."""

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


def ordered(
    tests: Sequence[TestRecord], functional: Sequence[bool], near: Mapping[int, int], count: int | None = None
) -> tuple[TestRecord, ...]:
    """Return the first `count` tests in the order in which they are played; all if it is None.

    Greedy: each time the test whose bins weigh most. A bin weighs the more, the fewer tests hit it and the nearer it
    is to the change. A functional bin has no place in the RTL: it is near if the same tests hit it as points near the
    change.

    Args:
        functional: for each bin, whether it is one of the plan, not of the code.
        near: point of the code -> its distance from the change.
    """
    hits = np.zeros((len(tests), len(functional)), dtype=np.bool_)
    for place, test in enumerate(tests):
        hits[place, list(test.hits)] = True
    weights = _weights(hits, np.asarray(functional, dtype=np.bool_), near)
    left, order = np.ones(len(tests), dtype=np.bool_), list[TestRecord]()
    for _ in range(len(tests) if count is None else min(count, len(tests))):
        places = left.nonzero()[0]
        taken = int(places[np.argmax(hits[places] @ weights)])
        left[taken] = False
        weights[hits[taken]] *= AGAIN
        order.append(tests[taken])
    return tuple(order)


def _weights(hits: Bits, functional: Bits, near: Mapping[int, int]) -> Floats:
    """Return the weight of each bin before the first test."""
    counts = hits.sum(axis=0)
    weights = np.where(functional, FUNCTIONAL, 1.0) / np.maximum(counts, 1)
    closeness = np.zeros(hits.shape[1])
    for one, steps in near.items():
        closeness[one] = 0.5**steps
    return np.asarray(weights * (1 + NEAR * closeness + RELATED * np.where(functional, _relation(hits, closeness), 0)))


def _relation(hits: Bits, closeness: Floats) -> Floats:
    """Return for each bin how far the same tests hit it as a point near the change, 0 to 1 (correlation)."""
    counts = hits.sum(axis=0)
    telling = (closeness > 0) & (counts > 0) & (counts < len(hits))
    if not telling.any():
        return np.zeros(hits.shape[1])
    centred = hits - hits.mean(axis=0)
    spread = hits.std(axis=0)
    scaled = centred / np.where(spread > 0, spread, 1)
    found = scaled.T @ scaled[:, telling] / len(hits) * closeness[telling]
    return np.asarray(found.max(axis=1).clip(0, 1))
