"""The sign-flip test of paired differences, with whole clusters flipped together.

If two rows do not differ on any design, the difference on a design is as likely to be d as -d, even if the seeds of a
design are correlated. So all ways to flip the signs of whole designs are equally likely, and the p-value is the share
of ways whose mean is at least as far from 0 as the observed mean.
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
    """The paired difference of two rows.

    Attributes:
        mean: mean over designs of the mean difference per design; `interval` is its bootstrap interval.
        p: two-sided p-value; `smallest_p` is the smallest possible with this number of designs: 2 / 2^designs.
        n: number of pairs of the same design and seed.
    """

    mean: float
    interval: Interval | None
    p: float
    smallest_p: float
    n: int
    designs: int


def compare(differences: Clusters, seed: int = 0) -> Paired | None:
    """Return the paired difference of two rows; None if there are no pairs."""
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
    """Return float64[ways, clusters] of 1 and -1; the first way flips nothing."""
    if clusters <= EXACT:
        return np.array(list(product((1.0, -1.0), repeat=clusters))).reshape(2**clusters, clusters)
    drawn = np.random.default_rng(seed).choice((1.0, -1.0), size=(DRAWN, clusters))
    drawn[0] = 1.0
    return drawn


def smallest_p(clusters: int) -> float:
    """Return the smallest p-value that the test can give."""
    return min(1.0, 2.0 / 2**clusters) if clusters <= EXACT else 1.0 / DRAWN


def p_value(sizes: Floats) -> float:
    """Return the share of the ways whose size is at least that of the first way."""
    return float((sizes >= sizes[0] - CLOSE * (1 + sizes[0])).mean())
