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
    """The result for each sequence; arrays have one entry for each sequence.

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
            for which in (np.flatnonzero(self._lengths == length) for length in np.unique(self._lengths))
        )

    def match(self, values: IntColumn, together: BoolColumn | None) -> tuple[Matches, IntColumn]:
        """Match all sequences over the rows.

        Args:
            values: int64[n], n > 0.
            together: bool[n - 1], whether row i + 1 continues row i; None when all do.

        Returns:
            The matches, and the number of rows that each position of each sequence matches: int64[positions], the
            positions of the first sequence first.
        """
        members = self._ranges.members(values)
        count = len(self._lengths)
        hits, missing = np.zeros(count, dtype=np.int64), self._lengths.copy()
        first, row = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
        for which, sets in self._blocks(len(values)):
            for step, ends in enumerate(_prefixes(members, sets, together)):
                place = ends.argmax(axis=1)
                found = ends[np.arange(len(which)), place]
                missing[which[found]] = len(sets) - 1 - step
                row[which[found]] = place[found]
            hits[which], first[which[found]] = ends.sum(axis=1), place[found]
        return Matches(hits, first, missing, row), members.sum(axis=1)[self._positions]

    def _blocks(self, rows: int) -> Iterator[tuple[IntColumn, IntColumn]]:
        step = max(1, _BLOCK // rows)
        for batch in self._batches:
            for start in range(0, len(batch.which), step):
                yield batch.which[start : start + step], batch.sets[:, start : start + step]


def _prefixes(members: NDArray[np.bool_], sets: IntColumn, together: BoolColumn | None) -> Iterator[NDArray[np.bool_]]:
    """Yield for each prefix length bool[sequences, n]: whether the prefix ends at the row."""
    ends = members[sets[0]]
    yield ends
    for position in sets[1:]:
        longer = members[position]
        longer[:, 1:] &= ends[:, :-1]
        longer[:, 0] = False
        if together is not None:
            longer[:, 1:] &= together
        ends = longer
        yield ends
