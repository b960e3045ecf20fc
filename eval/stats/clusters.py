"""Values in clusters: the trials of an evaluation, grouped by design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Clusters: TypeAlias = Mapping[str, Sequence[float]]
"""Name of a cluster -> its values; clusters without values are passed over."""


def cluster_mean(clusters: Clusters) -> float | None:
    """Return the mean over clusters of the mean within each, so that every design has equal weight; None without
    values.
    """
    means = [sum(values) / len(values) for values in clusters.values() if values]
    return sum(means) / len(means) if means else None


def pooled_median(clusters: Clusters) -> float | None:
    """Return the median of all values; None if there are none."""
    values = sorted(value for some in clusters.values() for value in some)
    middle = len(values) // 2
    if not values:
        return None
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def grouped(pairs: Iterable[tuple[str, float | None]]) -> dict[str, list[float]]:
    """Return (cluster, value) pairs grouped by cluster; values that are None are skipped."""
    found: dict[str, list[float]] = {}
    for name, value in pairs:
        if value is not None:
            found.setdefault(name, []).append(value)
    return found


def table(clusters: Clusters) -> Floats:
    """Return float64[clusters, most values]: one row per cluster, padded with NaN."""
    rows = [list(values) for values in clusters.values() if values]
    width = max(map(len, rows), default=0)
    return np.array([row + [np.nan] * (width - len(row)) for row in rows], dtype=np.float64).reshape(len(rows), width)
