"""Sampling all covergroups of one table, on the rows of several tests at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dv_agent.coverage.contribution import NO_VALUE
from dv_agent.coverage.plan import Plan, position_id
from dv_agent.coverage.sampling.column_program import ColumnProgram
from dv_agent.coverage.sampling.columns import expressions_of, find_place, read_columns
from dv_agent.coverage.sampling.distance import Distances, Target
from dv_agent.coverage.sampling.event_rows import EventRows
from dv_agent.coverage.sampling.number_matrix import CrossMatrix, NumberMatrix
from dv_agent.coverage.sampling.sequences import SequenceMatcher
from dv_agent.coverage.sampling.tally import Tally
from dv_agent.coverage.structure import Bin, Covergroup, Coverpoint, Excluded
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import BoolColumn, IntColumn


class TableSampler:
    """Samples the covergroups of one table. Compiled once for a plan and the columns of a table; holds no state.

    All value points are looked up in one matrix of numbers [points, rows], all crosses in another; so the cost is that
    of a few calls of NumPy for each table and turn, not for each coverpoint and test.

    Args:
        table: one with the columns of those that will be sampled.

    Attributes:
        reads: the columns that are read.

    Raises:
        InputFileError: `table` lacks a column that the plan reads.
    """

    def __init__(self, plan: Plan, groups: tuple[Covergroup, ...], table: Table) -> None:
        self._plan, self._groups = plan, groups
        names: dict[str, None] = {}
        for group in groups:
            names |= dict.fromkeys(read_columns(plan.path, group, table, expressions_of(group)))
        self._columns = {name: place for name in names if (place := find_place(table, name))}
        self.reads = tuple({"cycle": None, "epoch": None, **dict.fromkeys(base for base, _ in self._columns.values())})
        # Of a point or a cross, a certificate may have left nothing to sample.
        points = [
            (number, point)
            for number, group in enumerate(groups)
            for point in group.coverpoints
            if point.bins or point.illegal
        ]
        self._points = [(number, point) for number, point in points if point.kind == "value"]
        self._sequences = [_Sequences(plan, number, point) for number, point in points if point.kind == "transition"]
        self._place = {(number, point.name): index for index, (number, point) in enumerate(self._points)}
        self._numbers = NumberMatrix(plan, [point for _, point in self._points]) if self._points else None
        crosses = [(number, cross) for number, group in enumerate(groups) for cross in group.crosses if cross.bins]
        self._cross_groups = np.array([number for number, _ in crosses], dtype=np.int64)
        members = [[self._place[number, name] for name in cross.of] for number, cross in crosses]
        self._crosses = CrossMatrix(plan, [cross for _, cross in crosses], members, self._points) if crosses else None
        self._point_groups = np.array([number for number, _ in self._points], dtype=np.int64)
        self._filters = [(number, group.when) for number, group in enumerate(groups) if group.when is not None]
        self._program = ColumnProgram(
            [when for _, when in self._filters]
            + [point.of for _, point in self._points]
            + [one.of for one in self._sequences]
        )
        self._bins = np.array([plan.slots[one.id] for one in _bins(groups)], dtype=np.int64)
        illegal = [plan.slots[one.id] for _, point in points for one in point.illegal]
        self._slots = np.concatenate([self._bins, np.array(illegal, dtype=np.int64)])
        self._measured: tuple[bytes, Distances | None] = (b"", None)

    def sample(self, rows: EventRows, wanted: BoolColumn | None, tally: Tally) -> None:
        """Add hits and distances of all rows to `tally`; `wanted`: bool[bins], whose distance to measure."""
        given = rows.table.columns
        tally.open(rows, self._bins, self._slots, given.get("cycle"))
        columns = {
            name: given[base] if lane is None else given[base][:, lane] for name, (base, lane) in self._columns.items()
        }
        found = self._program.run(columns, len(rows))
        masks = self._masks(found, len(rows))
        if self._numbers:
            at = len(self._filters)
            values = np.array(found[at : at + len(self._points)])
            self._sample_values(values, masks, rows, tally)
            if wanted is not None and (distances := self._distances(wanted)):
                distances.measure(values, masks, rows, tally)
        epoch = given.get("epoch")
        for one, column in zip(self._sequences, found[len(found) - len(self._sequences) :], strict=True):
            mask = None if masks is None else masks[one.group]
            one.sample(column, None if mask is None or mask.all() else mask, epoch, rows, wanted, tally)

    def _masks(self, found: list[IntColumn], rows: int) -> BoolColumn | None:
        """Return bool[groups, rows], whether the row passes the filter of the covergroup; None without filters."""
        if not self._filters:
            return None
        masks = np.ones((len(self._groups), rows), dtype=np.bool_)
        for (number, _), column in zip(self._filters, found, strict=False):
            np.not_equal(column, 0, out=masks[number])
        return masks

    def _sample_values(self, values: IntColumn, masks: BoolColumn | None, rows: EventRows, tally: Tally) -> None:
        assert self._numbers
        numbers = self._numbers.find(values)
        miss = len(self._plan.slots)
        slots = self._numbers.slots(numbers)
        if masks is not None:
            slots[~masks[self._point_groups]] = miss
        tally.add(rows, slots)
        if self._crosses:
            slots = self._crosses.slots(numbers)
            if masks is not None:
                slots[~masks[self._cross_groups]] = miss
            tally.add(rows, slots)

    def _distances(self, wanted: BoolColumn) -> Distances | None:
        key = wanted.tobytes()
        if self._measured[0] != key:  # the same for most turns: it changes when a bin is covered
            targets = [one for one in self._targets() if wanted[one.index]]
            self._measured = key, Distances(targets) if targets else None
        return self._measured[1]

    def _targets(self) -> Iterator[Target]:
        for index, (number, point) in enumerate(self._points):
            if point.ordered and not point.hidden:
                for one in point.bins:
                    yield Target(self._plan.slots[one.id], number, ((index, one.values[0]),))
        for number, group in enumerate(self._groups):
            sets = {(p.name, one.name): one.values[0] for p in group.coverpoints if p.kind == "value" for one in p.bins}
            for cross in group.crosses:
                for bin_ in cross.bins:
                    pairs = zip(cross.of, bin_.members, strict=True)
                    members = tuple((self._place[number, name], sets[name, member]) for name, member in pairs)
                    yield Target(self._plan.slots[bin_.id], number, members)


class _Sequences:
    """A coverpoint of transitions; bins first, then illegal ones."""

    def __init__(self, plan: Plan, group: int, point: Coverpoint) -> None:
        self.group, self.of = group, point.of
        self._matcher = SequenceMatcher([one.values for one in _members(point)])
        self._slots = np.array([plan.slots[one.id] for one in _members(point)], dtype=np.int64)
        positions = [position_id(one, index) for one in point.bins for index in range(len(one.values))]
        self._position_slots = np.array([plan.slots[name] for name in positions], dtype=np.int64)
        self._bins = self._slots[: len(point.bins)]

    def sample(
        self, values: IntColumn, mask: BoolColumn | None, epoch: IntColumn | None, rows: EventRows,
        wanted: BoolColumn | None, tally: Tally,
    ) -> None:  # fmt: skip
        """Add the matches over the rows that pass `mask`, within one test and one `epoch`."""
        test, row = rows.test, rows.row
        if mask is not None:
            values, test, row = values[mask], test[mask], row[mask]
            epoch = None if epoch is None else epoch[mask]
        together = test[1:] == test[:-1]
        if epoch is not None:
            together &= epoch[1:] == epoch[:-1]
        asked = np.flatnonzero(wanted[self._bins]) if wanted is not None else np.empty(0, dtype=np.int64)
        matches, positions = self._matcher.match(values, together, test, len(rows.tests), prefixes=len(asked) > 0)
        row = np.append(row, -1)  # the last entry is for the row -1
        tally.put(rows.tests, self._slots, matches.hits, row[matches.first])
        places = self._position_slots
        nowhere = np.full((len(rows.tests), len(places)), -1, dtype=np.int64)
        tally.put(rows.tests, places, positions[:, : len(places)], nowhere)
        if len(asked):
            ended = matches.row[:, asked]
            came = np.append(np.where(together, values[1:], NO_VALUE), (NO_VALUE, NO_VALUE))[: len(values) + 1]
            came[-1] = NO_VALUE  # the last entry is for the row -1
            tally.near(
                rows.tests, self._bins[asked], matches.missing[:, asked], 0, row[ended], came[ended][..., np.newaxis]
            )


def _bins(groups: tuple[Covergroup, ...]) -> Iterator[Bin]:
    for group in groups:
        for point in group.coverpoints:
            yield from () if point.hidden else point.bins
        for cross in group.crosses:
            yield from cross.bins


def _members(point: Coverpoint) -> list[Bin | Excluded]:
    return [*point.bins, *point.illegal]
