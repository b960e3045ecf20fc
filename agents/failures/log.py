"""The failing tests of a run: how many of each kind, and the few that are kept to be looked into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dv_agent.agents.failures.kind import Kind, kind_of
from dv_agent.agents.turn import FailureRecord

SMALLEST, LARGEST, LOOKS = 4, 4, 8
"""Kept of each kind: the smallest tests, the largest (which may show several bugs), the smallest of each look."""


@dataclass(frozen=True, slots=True)
class FailureLog:
    """Failing tests, folded one by one; the same tests in the same order give the same log.

    Attributes:
        kept: some of them, in the order in which they ran, a bounded number of each kind.
        counts: how many there were, by the kind of their first failure.
    """

    kept: tuple[FailureRecord, ...] = ()
    counts: Mapping[Kind, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def add(self, record: FailureRecord) -> FailureLog:
        """The log with one more test."""
        kind = kind_of(record.failures[0])
        same = self._of(kind)
        others = [one for one in self.kept if kind_of(one.failures[0]) != kind]
        kept = sorted([*others, *_worth_keeping([*same, record])], key=lambda one: one.index)
        return FailureLog(tuple(kept), {**self.counts, kind: self.counts.get(kind, 0) + 1})

    def _of(self, kind: Kind) -> list[FailureRecord]:
        return [one for one in self.kept if kind_of(one.failures[0]) == kind]

    def candidates(self) -> Iterator[FailureRecord]:
        """The kept tests in the order in which to look into them.

        Kinds take turns, each with its smallest test first, then its largest, then small ones that look otherwise.
        """
        queues = {kind: _in_order(self._of(kind)) for kind in self.counts}
        while any(queues.values()):
            for queue in queues.values():
                if queue:
                    yield queue.pop(0)


def _size(record: FailureRecord) -> tuple[int, int]:
    return record.cycles, record.index


def _worth_keeping(records: list[FailureRecord]) -> list[FailureRecord]:
    ordered = sorted(records, key=_size)
    looks: dict[object, FailureRecord] = {}
    for one in ordered:
        looks.setdefault(_look(one), one)
    chosen = {one.index: one for one in (*ordered[:SMALLEST], *ordered[-LARGEST:], *list(looks.values())[:LOOKS])}
    return list(chosen.values())


def _in_order(records: list[FailureRecord]) -> list[FailureRecord]:
    """The smallest and the largest, then the smallest of each look, then the others."""
    ordered = sorted(records, key=_size)
    looks: dict[object, FailureRecord] = {}
    for one in ordered:
        looks.setdefault(_look(one), one)
    wanted = (*ordered[:1], *ordered[-1:], *looks.values(), *ordered)
    return list({one.index: one for one in wanted}.values())


def _look(record: FailureRecord) -> object:
    """What a failure looks like before its test is shrunk: lane, direction and size of the difference, tracks."""
    first = record.failures[0]
    difference = (first.seen or 0) - (first.expected or 0)
    tracks = tuple(sorted(record.test.tracks))
    return first.field, difference > 0, abs(difference).bit_length() // 2, tracks
