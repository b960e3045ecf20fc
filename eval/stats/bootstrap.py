"""Bootstrap intervals of clustered values: clusters are drawn with replacement, each with all its values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist
from typing import Literal

import numpy as np

from dv_agent.eval.stats.clusters import Clusters, Floats, table
from dv_agent.eval.stats.quantiles import t_quantile

EXACT = 9
"""Up to so many clusters, all ways to draw them are counted with their chance: 24,310 for nine."""
REPEATS = 10_000
"""Beyond, so many are drawn: then no tail holds less than 0.8 % of them."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Lower and upper end of an interval."""

    low: float
    high: float


def bootstrap(
    clusters: Clusters, statistic: Literal["mean", "median"] = "mean", seed: int = 0, repeats: int = REPEATS
) -> Interval | None:
    """Return the 95 % interval of `cluster_mean` or `pooled_median`; None with fewer than two items to draw.

    With only one cluster its values are drawn instead: the interval then holds for this cluster only.

    Percentile intervals are too narrow for few clusters, by the factor sqrt((n - 1) / n) and by taking normal for
    Student's t. So the percentiles are moved outwards (`tail`), which for three clusters or fewer gives the smallest
    and largest value that can be drawn: an interval inside the data of n clusters contains the true value in a share of
    at most 1 - 2 / 2^n of all cases, which is 75 % for three clusters and 97 % for six.

    Args:
        seed, repeats: seed and number of the draws, used for more than `EXACT` clusters.
    """
    rows = table(clusters)
    if len(rows) == 1:
        rows = rows.T
    count = len(rows)
    if count < 2:
        return None
    drawn, chances = every_draw(count) if count <= EXACT else some_draws(count, seed, repeats)
    values = _means(rows, drawn) if statistic == "mean" else _medians(rows, drawn)
    order = np.argsort(values, kind="stable")
    values, below = values[order], np.cumsum(chances[order])
    share = tail(count)
    # Slightly less than the share: a sum of probabilities may be too small by a rounding error.
    places = np.searchsorted(below, [share - 1e-12, 1 - share - 1e-12]).clip(0, len(values) - 1)
    low, high = values[places]
    return Interval(float(low), float(high))


def tail(count: int) -> float:
    """Return the share of draws to leave out on each side, for `count` >= 2 clusters."""
    wide = math.sqrt(count / (count - 1)) * t_quantile((1 + LEVEL) / 2, count - 1)
    return NormalDist().cdf(-wide)


@lru_cache(maxsize=EXACT)
def every_draw(count: int) -> tuple[Floats, Floats]:
    """Return float64[ways, count], how often each of `count` clusters is drawn, and float64[ways], the probability
    of each way.
    """
    places = count - 1
    bars = np.array(list(combinations(range(count + places), places)), dtype=np.int64).reshape(-1, places)
    ends = np.concatenate([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), count + places)], axis=1)
    drawn = np.diff(ends, axis=1) - 1
    factorials = np.array([math.factorial(number) for number in range(count + 1)], dtype=np.float64)
    chances = factorials[count] / factorials[drawn].prod(axis=1) / float(count) ** count
    return drawn.astype(np.float64), chances


@lru_cache(maxsize=32)
def some_draws(count: int, seed: int, repeats: int) -> tuple[Floats, Floats]:
    """Return the same arrays as `every_draw`, for `repeats` seeded random draws."""
    source = np.random.default_rng(seed)
    drawn = source.multinomial(count, np.full(count, 1 / count), size=repeats).astype(np.float64)
    return drawn, np.full(repeats, 1 / repeats)


def _means(rows: Floats, drawn: Floats) -> Floats:
    means: Floats = np.nanmean(rows, axis=1)
    return np.asarray(drawn @ means / len(rows))


def _medians(rows: Floats, drawn: Floats) -> Floats:
    """Return the median of all values of the drawn clusters, each counted as often as it was drawn."""
    places, _ = np.nonzero(~np.isnan(rows))
    values = rows[~np.isnan(rows)]
    order = np.argsort(values, kind="stable")
    values, reached = values[order], np.cumsum(drawn[:, places[order]], axis=1)
    held = reached[:, -1:]
    middle = [(reached <= place).sum(axis=1) for place in ((held - 1) // 2, held // 2)]
    return np.asarray((values[middle[0]] + values[middle[1]]) / 2)
