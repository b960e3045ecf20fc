"""Requests and answers of a bus: every request has exactly one answer, with its id and its number of beats."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.ports.buses.rules import Answers
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.checks.failure import CheckFailure

MAX_EACH = 3


@dataclass(frozen=True, slots=True)
class Watched:
    """A bus in one trace.

    Attributes:
        counts: bool[cycles], whether a cycle counts: its clock rises and there is no reset.
    """

    port: str
    streams: Mapping[str, Stream]
    trace: Trace
    counts: BoolColumn

    def high(self, signal: str) -> BoolColumn:
        """Return in which cycles that count a signal is high."""
        found: BoolColumn = (self.trace.signals[signal] == 1) & self.counts
        return found


def answer_failures(rule: Answers, bus: Watched) -> Iterator[CheckFailure]:
    """Return answers that nothing asked for, requests without an answer, and answers of the wrong shape."""
    trace = bus.trace
    asked = _requests(rule, trace)
    seen = trace.accepted[rule.answer]
    owed = _total(trace, asked.cycle, asked.beats)
    given = _total(trace, seen.cycle, np.ones(len(seen), np.int64))
    before = given - _rises(trace, seen.cycle)
    signal = bus.streams[rule.answer].valid
    for row in _stretches(bus.high(signal) & (owed - before <= 0)):
        message = f"{signal} is high, and every request so far has had its answer"
        yield CheckFailure(check="unasked", port=rule.answer, cycle=row, field=signal, message=message)
    yield from _misshapen(rule, asked, seen)
    if trace.end in {End.DRAINED, End.DEADLOCK} and owed[-1] > given[-1]:
        yield _unanswered(rule, asked, trace, int(owed[-1] - given[-1]))


class _Asked:
    """The complete requests in order of `cycle`, the one in which they were complete."""

    def __init__(self, cycle: IntColumn, epoch: IntColumn, beats: IntColumn, ids: IntColumn) -> None:
        order = np.argsort(cycle, kind="stable")
        self.cycle, self.epoch, self.beats, self.ids = cycle[order], epoch[order], beats[order], ids[order]


def _requests(rule: Answers, trace: Trace) -> _Asked:
    """Return the requests; the k-th of each stream belong together, within one reset epoch."""
    parts = [_finished(trace.accepted[key]) for key in rule.requests]
    names = [(one.epoch << 32) | _ranks(one.epoch) for one in parts]
    common = names[0]
    for other in names[1:]:
        common = np.intersect1d(common, other)
    rows = [np.flatnonzero(np.isin(name, common)) for name in names]
    cycle = np.max([one.cycle[kept] for one, kept in zip(parts, rows, strict=True)], axis=0)
    first, kept = parts[0], rows[0]
    ones = np.ones(len(kept), np.int64)
    beats = first.columns[rule.length][kept] + 1 if rule.length else ones
    ids = first.columns[rule.id][kept] if rule.id else ones * 0
    return _Asked(cycle, first.epoch[kept], beats, ids)


def _finished(seen: Transfers) -> Transfers:
    """Return the transfers that end a burst, if the stream has bursts."""
    last = seen.columns.get("last")
    keep = np.ones(len(seen), np.bool_) if last is None else last == 1
    columns = {name: column[keep] for name, column in seen.columns.items()}
    return Transfers(seen.cycle[keep], seen.epoch[keep], columns, seen.unknown[keep])


def _ranks(epoch: IntColumn) -> IntColumn:
    return np.arange(len(epoch), dtype=np.int64) - np.searchsorted(epoch, epoch)


def _rises(trace: Trace, cycles: IntColumn, weights: IntColumn | None = None) -> IntColumn:
    return np.bincount(cycles, weights, minlength=trace.cycles).astype(np.int64)


def _total(trace: Trace, cycles: IntColumn, weights: IntColumn) -> IntColumn:
    """Return the sum of `weights` up to and with each cycle, since the last reset."""
    total = np.cumsum(_rises(trace, cycles, weights))
    starts = np.searchsorted(trace.epoch, trace.epoch)
    return total - np.where(starts > 0, total[np.maximum(starts - 1, 0)], 0)


def _stretches(mask: BoolColumn) -> list[int]:
    before = np.concatenate([np.zeros(1, np.bool_), mask[:-1]])
    rows: list[int] = np.flatnonzero(mask & ~before)[:MAX_EACH].tolist()
    return rows


def _unanswered(rule: Answers, asked: _Asked, trace: Trace, missing: int) -> CheckFailure:
    epoch = int(trace.epoch[-1])
    mine = np.flatnonzero(asked.epoch == epoch)
    # The oldest that can be without an answer, if answers come in order.
    left = np.cumsum(asked.beats[mine][::-1])
    since = int(asked.cycle[mine[max(len(mine) - 1 - int(np.searchsorted(left, missing)), 0)]])
    message = f"the request of cycle {since} never had its answer; {missing} missing in all"
    return CheckFailure(check="unanswered", port=rule.answer, cycle=since, message=message)


def _misshapen(rule: Answers, asked: _Asked, seen: Transfers) -> Iterator[CheckFailure]:
    """Walk through requests and answers, if there are ids or bursts; O(n)."""
    if not rule.id and not rule.length:
        return
    owed: dict[int, deque[int]] = defaultdict(deque)
    beat: dict[int, int] = defaultdict(int)
    ids = seen.columns.get(rule.id, np.zeros(len(seen), np.int64)).tolist()
    lasts = seen.columns.get("last", np.ones(len(seen), np.int64)).tolist()
    epoch, place, found = -1, 0, 0
    for index, (cycle, now) in enumerate(zip(seen.cycle.tolist(), seen.epoch.tolist(), strict=True)):
        if now != epoch:
            owed.clear()
            beat.clear()
            epoch = now
        while place < len(asked.cycle) and asked.cycle[place] <= cycle:
            if asked.epoch[place] == epoch:
                owed[int(asked.ids[place])].append(int(asked.beats[place]))
            place += 1
        failure = _shape(rule, owed, beat, ids[index], lasts[index], cycle, index)
        if failure and found < MAX_EACH:
            found += 1
            yield failure


def _shape(
    rule: Answers, owed: dict[int, deque[int]], beat: dict[int, int], name: int, last: int, cycle: int, index: int
) -> CheckFailure | None:
    """Take one answer off those that are owed; return what is wrong with it."""
    if not owed[name]:
        known = ", ".join(str(one) for one, queue in sorted(owed.items()) if queue) or "none"
        message = f"the answer has id {name}; the ids with a request that is still open: {known}"
        return CheckFailure(
            check="id", port=rule.answer, cycle=cycle, index=index, field=rule.id, seen=name, message=message
        )
    beat[name] += 1
    beats, number = owed[name][0], beat[name]
    if last or number == beats:
        owed[name].popleft()
        beat[name] = 0
    if bool(last) == (number == beats):
        return None
    words = "last is high" if last else "last is low"
    message = f"{words} with beat {number} of a burst of {beats}"
    return CheckFailure(check="beats", port=rule.answer, cycle=cycle, index=index, field="last", message=message)
