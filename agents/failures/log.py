"""The failing tests of a run: the number of each kind, and a limited selection kept for triage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dv_agent.agents.failures.kind import Kind, kind_of
from dv_agent.agents.turn import FailureRecord

SMALLEST, LARGEST, LOOKS = 4, 4, 8
"""Number kept of each kind: smallest tests, largest tests (may show several bugs), smallest test of each look."""


@dataclass(frozen=True, slots=True)
class FailureLog:
    """Failing tests, added one by one; the same tests in the same order give the same log.

    Attributes:
        kept: a limited number of tests of each kind, in the order in which they ran.
        counts: number of failing tests by the kind of their first failure.
    """

    kept: tuple[FailureRecord, ...] = ()
    counts: Mapping[Kind, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def add(self, record: FailureRecord) -> FailureLog:
        """Return the log with one more test."""
        kind = kind_of(record.failures[0])
        same = self._of(kind)
        others = [one for one in self.kept if kind_of(one.failures[0]) != kind]
        kept = sorted([*others, *_worth_keeping([*same, record])], key=lambda one: one.index)
        return FailureLog(tuple(kept), {**self.counts, kind: self.counts.get(kind, 0) + 1})

    def _of(self, kind: Kind) -> list[FailureRecord]:
        return [one for one in self.kept if kind_of(one.failures[0]) == kind]

    def candidates(self) -> Iterator[FailureRecord]:
        """Yield the kept tests in the order in which to analyse them.

        Kinds alternate; each gives its smallest test first, then its largest, then small ones with a different look.
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
    """Return the smallest and the largest, then the smallest of each look, then the others."""
    ordered = sorted(records, key=_size)
    looks: dict[object, FailureRecord] = {}
    for one in ordered:
        looks.setdefault(_look(one), one)
    wanted = (*ordered[:1], *ordered[-1:], *looks.values(), *ordered)
    return list({one.index: one for one in wanted}.values())


def _look(record: FailureRecord) -> object:
    """Return features of an unshrunk failure to compare: lane, sign and magnitude of the difference, tracks."""
    first = record.failures[0]
    difference = (first.seen or 0) - (first.expected or 0)
    tracks = tuple(sorted(record.test.tracks))
    return first.field, difference > 0, abs(difference).bit_length() // 2, tracks
