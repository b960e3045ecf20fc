"""The sign-flip test of paired differences, whole clusters at a time.

If two rows do not differ on any design, the difference on a design is as likely to be d as -d, whatever the designs
have to do with their seeds. So all ways to flip the signs of whole designs are equally likely, and the p-value is the
share of them whose mean is at least as far from 0 as the one that was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from dv_agent.eval.stats.bootstrap import Interval, bootstrap
from dv_agent.eval.stats.clusters import Clusters, Floats, cluster_mean

EXACT = 12
"""Up to so many clusters, all 2^clusters ways are tried; beyond, `DRAWN` random ones, the one seen among them."""
DRAWN = 4_096
CLOSE = 1e-9
"""Relative difference below which two sizes count as equal: they are sums of the same numbers in another order."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference of two rows.

    Attributes:
        mean: over designs of the mean difference on each; `interval` is its bootstrap interval.
        p: two-sided; `smallest_p` is the least that so many designs allow: 2 / 2^designs.
        n: pairs of the same design and seed.
    """

    mean: float
    interval: Interval | None
    p: float
    smallest_p: float
    n: int
    designs: int


def compare(differences: Clusters, seed: int = 0) -> Paired | None:
    """The paired difference of two rows; None without any pair."""
    held = {name: values for name, values in differences.items() if values}
    mean = cluster_mean(held)
    if mean is None:
        return None
    means = np.array([sum(values) / len(values) for values in held.values()])
    ways = flips(len(held), seed)
    return Paired(
        mean=mean,
        interval=bootstrap(held, seed=seed),
        p=p_value(np.abs(ways @ means)),
        smallest_p=smallest_p(len(held)),
        n=sum(map(len, held.values())),
        designs=len(held),
    )


def flips(clusters: int, seed: int = 0) -> Floats:
    """float64[ways, clusters] of 1 and -1; the first way flips nothing."""
    if clusters <= EXACT:
        return np.array(list(product((1.0, -1.0), repeat=clusters))).reshape(2**clusters, clusters)
    drawn = np.random.default_rng(seed).choice((1.0, -1.0), size=(DRAWN, clusters))
    drawn[0] = 1.0
    return drawn


def smallest_p(clusters: int) -> float:
    """The least p-value that the test can give."""
    return min(1.0, 2.0 / 2**clusters) if clusters <= EXACT else 1.0 / DRAWN


def p_value(sizes: Floats) -> float:
    """The share of the ways whose size is at least that of the first."""
    return float((sizes >= sizes[0] - CLOSE * (1 + sizes[0])).mean())
