"""Collecting the hits of several tests over all covergroups; they are counted together at the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from dv_agent.coverage.contribution import NO_VALUE, UNSEEN, IllegalHit, Sample
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.event_rows import EventRows
from dv_agent.designs.trace import IntColumn


class Tally:
    """The hits of several tests, collected table by table; one extra slot counts misses."""

    def __init__(self, plan: Plan, tests: int) -> None:
        self._plan, self._tests = plan, tests
        bins, self._width = len(plan.bins), len(plan.slots) + 1
        self._slots: list[IntColumn] = []
        self._rows: list[IntColumn] = []
        self._counted: list[tuple[IntColumn, IntColumn, IntColumn, IntColumn]] = []
        self._cycles: list[tuple[EventRows, IntColumn, IntColumn, IntColumn]] = []
        self._first = np.full((tests, self._width), -1, dtype=np.int64)
        self._cycle = np.full((tests, self._width), -1, dtype=np.int64)
        self._observable = np.zeros((tests, bins), dtype=np.bool_)
        self._distance = np.full((tests, bins), UNSEEN, dtype=np.int64)
        self._residual = np.zeros((tests, bins), dtype=np.int64)
        self._nearest = np.full((tests, bins), -1, dtype=np.int64)
        self._nearest_cycle = np.full((tests, bins), -1, dtype=np.int64)
        most = max((len(one.members) for one in plan.bins), default=0)
        self._values = np.full((tests, bins, max(1, most)), NO_VALUE, dtype=np.int64)

    def open(self, rows: EventRows, bins: IntColumn, slots: IntColumn, cycle: IntColumn | None) -> None:
        """Register a table: its bins, the slots of these and of its illegal bins, and its column ``cycle``."""
        self._observable[self._at(rows.tests, bins)] = True
        if cycle is not None and len(rows):
            self._cycles.append((rows, bins, slots, cycle))

    def add(self, rows: EventRows, slots: IntColumn) -> None:
        """Add hits of every row: int64[points, rows] slots; no slot belongs to two points."""
        tests = rows.tests[rows.test]
        self._slots.append((slots + tests * self._width).ravel())
        self._rows.append(np.broadcast_to(rows.row, slots.shape).ravel())

    def put(self, tests: IntColumn, slots: IntColumn, hits: IntColumn, first: IntColumn) -> None:
        """Add slots that are already counted: int64[tests, slots] hits, and first rows (-1 for none)."""
        self._counted.append((tests, slots, hits, first))

    def near(
        self, tests: IntColumn, bins: IntColumn, distance: IntColumn, residual: IntColumn | int, rows: IntColumn,
        values: IntColumn,
    ) -> None:  # fmt: skip
        """Set the distances of `bins` in these tests: int64[tests, bins]; values: int64[tests, bins, members]."""
        places = self._at(tests, bins)
        self._distance[places], self._residual[places], self._nearest[places] = distance, residual, rows
        self._values[(*places, slice(values.shape[2]))] = values

    def _at(self, tests: IntColumn, places: IntColumn) -> tuple[Any, ...]:
        """Return the index of these places in these tests; without `numpy.ix_`, which is slow, if these are all."""
        return (slice(None), places) if len(tests) == self._tests else np.ix_(tests, places)

    def finish(self) -> tuple[Sample, ...]:
        """Count all hits and return the sample of each test."""
        bins = len(self._plan.bins)
        hits = self._count()
        hit = hits[:, :bins] > 0
        self._distance[hit] = 0
        self._residual[hit] = 0
        self._nearest[hit] = self._first[:, :bins][hit]
        for rows, own, slots, cycle in self._cycles:
            for found, row, places in ((self._cycle, self._first, slots), (self._nearest_cycle, self._nearest, own)):
                at = self._at(rows.tests, places)
                first = row[at]
                found[at] = np.where(first >= 0, cycle.take(first + rows.starts[:-1, None], mode="clip"), -1)
        return tuple(self._sample(test, hits[test]) for test in range(self._tests))

    def _sample(self, test: int, hits: IntColumn) -> Sample:
        bins, hidden = len(self._plan.bins), len(self._plan.hidden)
        first, cycle = self._first[test], self._cycle[test]
        return Sample(
            hits=hits[:bins], first_row=first[:bins], first_cycle=cycle[:bins], observable=self._observable[test],
            distance=self._distance[test], residual=self._residual[test], nearest_row=self._nearest[test],
            nearest_cycle=self._nearest_cycle[test],
            nearest_values=self._values[test],
            hidden_hits=hits[bins : bins + hidden], illegal_hits=hits[bins + hidden : -1],
            illegal=self._illegal(hits[:-1], first, cycle, bins + hidden),
        )  # fmt: skip

    def _count(self) -> IntColumn:
        size = self._tests * self._width
        hits = np.zeros(size, dtype=np.int64)
        if self._slots:
            every = np.concatenate(self._slots)
            hits += np.bincount(every, minlength=size)
            # Of several assignments to one index the last one wins, so the reversed order keeps the first row.
            self._first.reshape(-1)[every[::-1]] = np.concatenate(self._rows)[::-1]
        counted = hits.reshape(self._tests, self._width)
        for tests, slots, counts, first in self._counted:
            places = self._at(tests, slots)
            counted[places], self._first[places] = counts, first
        return counted

    def _illegal(self, hits: IntColumn, first: IntColumn, cycle: IntColumn, start: int) -> tuple[IllegalHit, ...]:
        if start == len(hits):
            return ()
        found = np.flatnonzero(hits[start:]).tolist()
        return tuple(
            IllegalHit(
                self._plan.illegal[index].id, self._plan.illegal[index].why, int(first[start + index]),
                int(cycle[start + index]), int(hits[start + index]),
            )
            for index in found
        )  # fmt: skip
