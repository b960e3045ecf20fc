"""Distances of sampled rows to bins that they did not hit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dv_agent.coverage.sampling.lookup import Ranges
from dv_agent.coverage.values import LIMIT
from dv_agent.designs.trace import IntColumn

FARTHEST = 1 << 48
"""The maximum of a value distance; larger ones are limited to it, so that sums over a cross cannot overflow."""
_MISSING = 1 << 52
_NOWHERE = np.iinfo(np.int64).max
_BLOCK = 1 << 19


def nearest_values(values: IntColumn, ranges: Ranges) -> tuple[IntColumn, IntColumn]:
    """Return for each set the least distance of any value to it, and the first row with that distance.

    Args:
        values: int64[n], n > 0.

    Returns:
        int64[sets] and int64[sets]. The row is exact only where the distance is not 0.
    """
    seen, rows = np.unique(_clipped(values), return_index=True)
    above = np.searchsorted(seen, ranges.low)
    upper = np.minimum(above, len(seen) - 1)
    lower = np.maximum(above - 1, 0)
    # Only the two values next to the lower end of a range can be the nearest one or inside.
    up = np.where(above < len(seen), np.maximum(seen[upper] - ranges.high, 0), _NOWHERE)
    down = np.where(above > 0, ranges.low - seen[lower], _NOWHERE)
    near = np.minimum(up, down)
    best = np.minimum.reduceat(near, ranges.first)
    row = np.minimum(
        np.where(up == near, rows[upper], len(values)),
        np.where(down == near, rows[lower], len(values)),
    )
    counts = np.diff(np.append(ranges.first, len(near)))
    row = np.where(near == np.repeat(best, counts), row, len(values))
    return np.minimum(best, FARTHEST), np.minimum.reduceat(row, ranges.first)


def distance_rows(values: IntColumn, ranges: Ranges) -> IntColumn:
    """Return int64[sets, n]: the distance of each of n values to each set, 0 inside."""
    inner = _clipped(values)
    outside = np.maximum(ranges.low[:, None] - inner, inner - ranges.high[:, None])
    return np.clip(np.minimum.reduceat(outside, ranges.first, axis=0), 0, FARTHEST)


def nearest_combination(parts: Sequence[IntColumn], members: IntColumn) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Return for each cross bin: fewest members missing on one row, least residual of such rows, first such row.

    Args:
        parts: per crossed coverpoint int64[its bins, n], from `distance_rows`, n > 0.
        members: int64[parts, bins]: the bin number of each member.
    """
    # One sum orders by both: a missing member has a greater weight than all value distances together.
    costs = [part + (part > 0) * _MISSING for part in parts]
    bins, rows = members.shape[1], costs[0].shape[1]
    best = np.full(bins, _NOWHERE)
    row = np.zeros(bins, dtype=np.int64)
    step = max(1, _BLOCK // bins)
    for start in range(0, rows, step):
        cost = costs[0][members[0], start : start + step]
        for part, member in zip(costs[1:], members[1:], strict=True):
            cost += part[member, start : start + step]
        place = cost.argmin(axis=1)
        least = cost[np.arange(bins), place]
        better = least < best
        row = np.where(better, place + start, row)
        best = np.where(better, least, best)
    return best // _MISSING, best % _MISSING, row


def _clipped(values: IntColumn) -> IntColumn:
    # One more than any member of a bin: keeps differences inside int64 and never turns a miss into a hit.
    return np.clip(values, -LIMIT - 1, LIMIT + 1)
