"""Matching transitions over consecutive rows (IEEE 1800-2017 §19.5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.coverage.sampling.lookup import Ranges, build_ranges
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.trace import BoolColumn, IntColumn

_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class _Batch:
    """Sequences of one length.

    Attributes:
        which: int64[sequences], the numbers of the sequences.
        sets: int64[length, sequences], the value set of each position.
    """

    which: IntColumn
    sets: IntColumn


@dataclass(frozen=True, slots=True)
class Matches:
    """The result for each sequence in each test; arrays are int64[tests, sequences].

    Attributes:
        hits: number of matches, overlapping ones included.
        first: the row that ended the first match, -1 if there is none.
        missing: length minus that of the longest prefix matched at any row.
        row: the first row that ended such a prefix; -1 if no row matched at all.
    """

    hits: IntColumn
    first: IntColumn
    missing: IntColumn
    row: IntColumn


class SequenceMatcher:
    """Matches sequences of value sets, all sequences of one length at once.

    Args:
        sequences: each of 2 or more value sets.
    """

    def __init__(self, sequences: Sequence[tuple[ValueSet, ...]]) -> None:
        distinct = list(dict.fromkeys(values for sequence in sequences for values in sequence))
        number = {values: index for index, values in enumerate(distinct)}
        self._ranges: Ranges = build_ranges(distinct)
        self._lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        self._positions = np.array([number[values] for sequence in sequences for values in sequence], dtype=np.int64)
        self._batches = tuple(
            _Batch(which, np.array([[number[v] for v in sequences[i]] for i in which.tolist()], dtype=np.int64).T)
            for which in (np.flatnonzero(self._lengths == length) for length in sorted(set(self._lengths.tolist())))
        )

    def match(
        self, values: IntColumn, together: BoolColumn, test: IntColumn, tests: int, *, prefixes: bool = True
    ) -> tuple[Matches, IntColumn]:
        """Match all sequences over the rows of several tests.

        Args:
            values: int64[n].
            together: bool[n - 1], whether row i + 1 continues row i; never across two tests.
            test: int64[n], the test of each row, ascending.
            tests: number of tests.
            prefixes: whether `missing` and `row` are wanted; without, they hold for complete matches alone.

        Returns:
            The matches, and the number of rows that each position of each sequence matches: int64[tests, positions],
            the positions of the first sequence first.
        """
        members = self._ranges.members(values)
        count = len(self._lengths)
        size = (tests, count)
        hits, missing = np.zeros(size, dtype=np.int64), np.tile(self._lengths, (tests, 1))
        first, row = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
        for which, sets in self._blocks(max(len(values), 1)):
            for step, ends in enumerate(_prefixes(members, sets, together)):
                if not prefixes and step < len(sets) - 1:
                    continue
                sequence, place = np.nonzero(ends)
                if not len(place):
                    break
                found = test[place] * count + which[sequence]
                missing.reshape(-1)[found] = len(sets) - 1 - step
                # Of several assignments to one index the last one wins, so the reversed order keeps the first row.
                row.reshape(-1)[found[::-1].copy()] = place[::-1].copy()
                if step == len(sets) - 1:
                    hits += np.bincount(found, minlength=tests * count).reshape(size)
                    first.reshape(-1)[found] = row.reshape(-1)[found]
        counts = np.zeros((tests, len(members)), dtype=np.int64)
        bounds = np.searchsorted(test, np.arange(tests + 1))
        filled = np.flatnonzero(bounds[1:] > bounds[:-1])
        if len(filled):
            counts[filled] = np.add.reduceat(members, bounds[filled], axis=1, dtype=np.int64).T
        return Matches(hits, first, missing, row), counts[:, self._positions]

    def _blocks(self, rows: int) -> Iterator[tuple[IntColumn, IntColumn]]:
        step = max(1, _BLOCK // rows)
        for batch in self._batches:
            for start in range(0, len(batch.which), step):
                yield batch.which[start : start + step], batch.sets[:, start : start + step]


def _prefixes(members: NDArray[np.bool_], sets: IntColumn, together: BoolColumn) -> Iterator[NDArray[np.bool_]]:
    """Yield for each prefix length bool[sequences, n]: whether the prefix ends at the row."""
    ends = members[sets[0]]
    yield ends
    for position in sets[1:]:
        longer = members[position]
        longer[:, 1:] &= ends[:, :-1] & together
        longer[:, :1] = False
        ends = longer
        yield ends
