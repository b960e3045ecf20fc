"""Collecting the hits of one test over all covergroups; they are counted together at the end."""

from __future__ import annotations

import numpy as np

from dv_agent.coverage.contribution import UNSEEN, IllegalHit, Sample
from dv_agent.coverage.plan import Plan
from dv_agent.designs.trace import BoolColumn, IntColumn


class Tally:
    """The hits of one test, collected while its covergroups are sampled; one extra slot counts misses."""

    def __init__(self, plan: Plan, wanted: BoolColumn | None) -> None:
        self._plan = plan
        self._wanted = wanted
        bins, slots = len(plan.bins), len(plan.slots)
        self._slots: list[IntColumn] = []
        self._rows: list[IntColumn] = []
        self._spans: list[tuple[slice, IntColumn | None]] = []
        self._counted: list[tuple[IntColumn, IntColumn, IntColumn]] = []
        self._first = np.full(slots + 1, -1, dtype=np.int64)
        self._cycle = np.full(slots, -1, dtype=np.int64)
        self._observable = np.zeros(bins, dtype=np.bool_)
        self._distance = np.full(bins, UNSEEN, dtype=np.int64)
        self._residual = np.zeros(bins, dtype=np.int64)
        self._nearest = np.full(bins, -1, dtype=np.int64)

    def open(self, bins: slice, illegal: slice, cycle: IntColumn | None) -> None:
        """Register a covergroup with these slots, sampled on a table with this column ``cycle``."""
        self._observable[bins] = True
        self._spans += [(span, cycle) for span in (bins, illegal) if span.stop > span.start]

    def add(self, slots: IntColumn, rows: IntColumn) -> None:
        """Add hits: row ``rows[i]`` hit slot ``slots[i]``; rows are ascending."""
        self._slots.append(slots)
        self._rows.append(rows)

    def put(self, slots: IntColumn, hits: IntColumn, first: IntColumn) -> None:
        """Add slots that are already counted: hits, and first rows (-1 for none)."""
        self._counted.append((slots, hits, first))

    def wanted(self, start: int, stop: int) -> IntColumn:
        """Return the bins from `start` to `stop` whose distance is requested, relative to `start`."""
        if self._wanted is None:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self._wanted[start:stop])

    def near(self, bins: IntColumn, distance: IntColumn, residual: IntColumn | int, rows: IntColumn | int) -> None:
        """Set the distances of `bins` in this test."""
        self._distance[bins], self._residual[bins], self._nearest[bins] = distance, residual, rows

    def finish(self) -> Sample:
        """Count all hits and return the sample."""
        bins, slots, hidden = len(self._plan.bins), len(self._plan.slots), len(self._plan.hidden)
        hits = self._count(slots)
        first = self._first[:slots]
        for span, cycle in self._spans:
            if cycle is not None and len(cycle):
                rows = first[span]
                self._cycle[span] = np.where(rows >= 0, cycle[rows], -1)
        hit = hits[:bins] > 0
        return Sample(
            hits=hits[:bins], first_row=first[:bins], first_cycle=self._cycle[:bins], observable=self._observable,
            distance=np.where(hit, 0, self._distance), residual=np.where(hit, 0, self._residual),
            nearest_row=np.where(hit, first[:bins], self._nearest), hidden_hits=hits[bins : bins + hidden],
            illegal_hits=hits[bins + hidden :], illegal=self._illegal(hits, bins + hidden),
        )  # fmt: skip

    def _count(self, slots: int) -> IntColumn:
        hits = np.zeros(slots, dtype=np.int64)
        if self._slots:
            every = np.concatenate(self._slots)
            hits += np.bincount(every, minlength=slots + 1)[:slots]
            # Of several assignments to one index the last one wins, so the reversed order keeps the first row.
            self._first[every[::-1]] = np.concatenate(self._rows)[::-1]
        for places, counts, first in self._counted:
            hits[places] = counts
            self._first[places] = first
        return hits

    def _illegal(self, hits: IntColumn, start: int) -> tuple[IllegalHit, ...]:
        found = np.flatnonzero(hits[start:]).tolist()
        return tuple(
            IllegalHit(
                self._plan.illegal[index].id, self._plan.illegal[index].why, int(self._first[start + index]),
                int(self._cycle[start + index]), int(hits[start + index]),
            )
            for index in found
        )  # fmt: skip
