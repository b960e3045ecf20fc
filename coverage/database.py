"""Coverage: the bins that all tests of a run have hit so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dv_agent.coverage.contribution import UNSEEN, Sample
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Bin
from dv_agent.designs.trace import BoolColumn, IntColumn
from dv_agent.errors import UsageError

TestName = tuple[int, str]
"""Turn and id of a test; the order of these pairs decides which of several tests was first."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Hit counts over tests; `totals` computes percentages from them. Immutable, arrays included.

    `merge` adds the counts and keeps the least distances. It is associative and commutative, so tests may
    be sampled in any order and in any process. Distances and rows are as in `Sample`.

    Attributes:
        plan: the plan that defines the bins.
        tests: number of tests added.
        names: the tests that `first` and `nearest` point to, ascending.
        hits: int64[bins].
        hidden_hits: int64[hidden counters].
        illegal_hits: int64[illegal bins].
        observable: bool[bins], whether any test had a table for the bin.
        first: int64[bins], index into `names` of the first test that hit the bin, else -1.
        distance, residual: int64[bins], the minimum pair of all tests.
        nearest: int64[bins], index into `names` of the first test with that pair, else -1.
        nearest_row: int64[bins], the row of that test with that pair.
    """

    plan: Plan
    tests: int
    names: tuple[TestName, ...]
    hits: IntColumn
    hidden_hits: IntColumn
    illegal_hits: IntColumn
    observable: BoolColumn
    first: IntColumn
    distance: IntColumn
    residual: IntColumn
    nearest: IntColumn
    nearest_row: IntColumn

    @property
    def covered(self) -> BoolColumn:
        """bool[bins]: whether hits have reached at_least."""
        return np.asarray(self.hits >= self.plan.at_least)

    @property
    def bins_hit(self) -> int:
        """The number of covered bins."""
        return int(np.count_nonzero(self.covered))

    @property
    def open_bins(self) -> IntColumn:
        """Indices of the bins that are not covered: the `targets` for `Sampler.sample`."""
        return np.flatnonzero(~self.covered)

    def add(self, sample: Sample, test_id: str, turn: int = 0) -> Coverage:
        """Return this coverage with one more test. A test that is added twice counts twice."""
        name = turn, test_id
        if self.names and name <= self.names[-1]:
            return self.merge(_of_test(self.plan, sample, name))
        return self._with_later(sample, name)

    def _with_later(self, sample: Sample, name: TestName) -> Coverage:
        """Add a test behind all of `names`, as nearly all are: the same as `merge`, without ordering the tests anew."""
        first = np.flatnonzero((self.first < 0) & (sample.hits > 0))
        nearer = np.flatnonzero(
            (sample.distance < self.distance)
            | ((sample.distance == self.distance) & (sample.residual < self.residual))
        )  # fmt: skip
        counted = replace(
            self,
            tests=self.tests + 1,
            hits=self.hits + sample.hits,
            hidden_hits=self.hidden_hits + sample.hidden_hits,
            illegal_hits=self.illegal_hits + sample.illegal_hits,
            observable=self.observable | sample.observable,
        )
        if not len(first) and not len(nearer):
            return _sealed(counted)
        place = len(self.names)
        changed = replace(
            counted,
            names=(*self.names, name),
            first=_set(self.first, first, place),
            distance=_set(self.distance, nearer, sample.distance[nearer]),
            residual=_set(self.residual, nearer, sample.residual[nearer]),
            nearest=_set(self.nearest, nearer, np.where(sample.distance[nearer] < UNSEEN, place, -1)),
            nearest_row=_set(self.nearest_row, nearer, sample.nearest_row[nearer]),
        )
        return _sealed(_pruned(changed))

    def merge(self, other: Coverage) -> Coverage:
        """Return the coverage of the tests of both.

        Raises:
            UsageError: they belong to different plans.
        """
        if other.plan.hash != self.plan.hash:
            raise UsageError("coverage of different plans cannot be merged; sample the tests again with one plan")
        names = tuple(sorted({*self.names, *other.names}))
        one, two = _renamed(self, names), _renamed(other, names)
        better = _is_nearer(two, one)
        merged = replace(
            one,
            tests=one.tests + two.tests,
            hits=one.hits + two.hits,
            hidden_hits=one.hidden_hits + two.hidden_hits,
            illegal_hits=one.illegal_hits + two.illegal_hits,
            observable=one.observable | two.observable,
            first=_earlier(one.first, two.first),
            distance=np.where(better, two.distance, one.distance),
            residual=np.where(better, two.residual, one.residual),
            nearest=np.where(better, two.nearest, one.nearest),
            nearest_row=np.where(better, two.nearest_row, one.nearest_row),
        )
        return _sealed(_pruned(merged))

    def first_test(self, index: int) -> TestName | None:
        """Return turn and id of the first test that hit bin `index`."""
        place = int(self.first[index])
        return self.names[place] if place >= 0 else None

    def nearest_test(self, index: int) -> TestName | None:
        """Return turn and id of the test with the least distance to bin `index`."""
        place = int(self.nearest[index])
        return self.names[place] if place >= 0 else None


def empty_coverage(plan: Plan) -> Coverage:
    """Return the coverage of no test: the neutral element of `Coverage.merge`."""
    bins = len(plan.bins)
    none, zero = np.full(bins, -1, dtype=np.int64), np.zeros(bins, dtype=np.int64)
    return _sealed(
        Coverage(
            plan=plan, tests=0, names=(), hits=zero,
            hidden_hits=np.zeros(len(plan.hidden), dtype=np.int64),
            illegal_hits=np.zeros(len(plan.illegal), dtype=np.int64),
            observable=np.zeros(bins, dtype=np.bool_), first=none,
            distance=np.full(bins, UNSEEN, dtype=np.int64), residual=zero, nearest=none, nearest_row=none,
        )
    )  # fmt: skip


def new_bins(before: Coverage, after: Coverage) -> tuple[Bin, ...]:
    """Return the bins covered in `after` but not in `before`, in plan order."""
    found = np.flatnonzero(after.covered & ~before.covered).tolist()
    return tuple(after.plan.bins[index] for index in found)


def _of_test(plan: Plan, sample: Sample, name: TestName) -> Coverage:
    return Coverage(
        plan=plan, tests=1, names=(name,), hits=sample.hits, hidden_hits=sample.hidden_hits,
        illegal_hits=sample.illegal_hits, observable=sample.observable,
        first=np.where(sample.hits > 0, 0, -1), distance=sample.distance, residual=sample.residual,
        nearest=np.where(sample.distance < UNSEEN, 0, -1), nearest_row=sample.nearest_row,
    )  # fmt: skip


def _renamed(coverage: Coverage, names: tuple[TestName, ...]) -> Coverage:
    if coverage.names == names:
        return coverage
    place = {name: index for index, name in enumerate(names)}
    # The last entry is for index -1, "no test".
    moved = np.array([place[name] for name in coverage.names] + [-1], dtype=np.int64)
    return replace(coverage, names=names, first=moved[coverage.first], nearest=moved[coverage.nearest])


def _pruned(coverage: Coverage) -> Coverage:
    """Remove the names that no index refers to, so that equal coverage has only one form."""
    used = np.zeros(len(coverage.names) + 1, dtype=np.bool_)  # the last entry is for index -1
    used[coverage.first], used[coverage.nearest] = True, True
    return _renamed_down(coverage, np.flatnonzero(used[:-1]))


def _renamed_down(coverage: Coverage, used: IntColumn) -> Coverage:
    if len(used) == len(coverage.names):
        return coverage
    moved = np.full(len(coverage.names) + 1, -1, dtype=np.int64)
    moved[used] = np.arange(len(used))
    names = tuple(coverage.names[index] for index in used.tolist())
    return replace(coverage, names=names, first=moved[coverage.first], nearest=moved[coverage.nearest])


def _set(column: IntColumn, places: IntColumn, values: IntColumn | int) -> IntColumn:
    changed = column.copy()
    changed[places] = values
    return changed


def _earlier(one: IntColumn, two: IntColumn) -> IntColumn:
    return np.where((one < 0) | ((two >= 0) & (two < one)), two, one)


def _is_nearer(two: Coverage, one: Coverage) -> BoolColumn:
    """Return where `two` precedes `one` by distance, residual, test, row: a total order, so merging is commutative."""
    keys = (
        (two.nearest_row, one.nearest_row),
        (two.nearest, one.nearest),
        (two.residual, one.residual),
        (two.distance, one.distance),
    )
    nearer = np.zeros(len(one.hits), dtype=np.bool_)
    for left, right in keys:
        nearer = (left < right) | ((left == right) & nearer)
    return nearer


def _sealed(coverage: Coverage) -> Coverage:
    for name in coverage.__slots__:
        value = getattr(coverage, name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return coverage
