"""Checks of timing: latency, capacity and patience, as design.yaml gives them. Vectorised over a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Observation
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.rules.check_rules import Capacity, Latency, Patience
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.rules.epoch_runs import Runs, runs_of

MAX_EACH = 3
_LONG_AGO = -(1 << 40)


def timing_failures(design: Design, trace: Trace, observation: Observation) -> Iterator[CheckFailure]:
    """Return the failures of the rules of latency, capacity and patience of `design`, rule by rule."""
    streams = {one.key: one for one in design.streams}
    epochs = _Epochs(trace, observation)
    rules = design.checks
    if not trace.cycles or not (rules.latency or rules.capacity or rules.patience):
        return
    if not trace.signals:  # a trace of transfers alone, of the reference simulator, has no offers to judge
        return
    for latency in rules.latency:
        for epoch in epochs.of(streams[latency.to], latency.source):
            yield from _latency(latency, epoch)
    for capacity in rules.capacity:
        for epoch in epochs.of(streams[capacity.holds], capacity.source):
            yield from _capacity(capacity, epoch, streams[capacity.accepts], trace)
    for patience in rules.patience:
        yield from _patience(patience, streams, trace)


@dataclass(frozen=True, slots=True)
class _Epoch:
    """The outputs of one stream between two resets.

    Attributes:
        begin, end: rows; `end` is exclusive, and is where the next reset begins.
        causes: int64[n], the cycle in which the n-th output became due.
        moved: int64[m], the cycles of the transfers.
        appeared: int64[m or m + 1], the first cycle of the offer of each transfer, and of one offer more if there is
            one that was not taken.
    """

    begin: int
    end: int
    causes: IntColumn
    moved: IntColumn
    appeared: IntColumn


class _Epochs:
    """The epochs of the output streams of one trace."""

    def __init__(self, trace: Trace, observation: Observation) -> None:
        self._trace, self._observation = trace, observation
        self._offers: dict[str, IntColumn] = {}

    def of(self, stream: Stream, source: str | None) -> Iterator[_Epoch]:
        """Return the epochs of a stream; none if neither the model nor `source` says what causes its outputs."""
        owed = self._observation.expected.get(stream.key)
        if owed is not None:
            causes, epochs = owed.cause_cycle, owed.epoch
        elif source is not None:
            causes, epochs = self._trace.accepted[source].cycle, self._trace.accepted[source].epoch
        else:
            return
        seen, offers = self._trace.accepted[stream.key], self._begun(stream)
        values, firsts, counts = self._runs
        for epoch, begin, count in zip(values.tolist(), firsts.tolist(), counts.tolist(), strict=True):
            end = begin + count
            cycles = seen.cycle[seen.epoch == epoch]
            # An offer that was taken back is another check's business: the first offer after the last transfer counts.
            starts = np.concatenate([np.array([begin - 1], np.int64), cycles])
            places = np.searchsorted(offers, starts, side="right")
            appeared = offers[places[places < len(offers)]]
            yield _Epoch(begin, end, causes[epochs == epoch], cycles, appeared[appeared < end])

    @cached_property
    def _runs(self) -> Runs:
        return runs_of(self._trace.epoch)

    def _begun(self, stream: Stream) -> IntColumn:
        """Return the cycles in which an offer begins: the first one, or the first after a transfer."""
        if stream.key not in self._offers:
            trace = self._trace
            valid = (trace.signals[stream.valid] == 1) & ~trace.in_reset
            waits = valid.copy()
            waits[trace.accepted[stream.key].cycle] = False
            begins = valid.copy()
            begins[1:] &= ~waits[:-1]
            self._offers[stream.key] = np.flatnonzero(begins)
        return self._offers[stream.key]


def _latency(rule: Latency, epoch: _Epoch) -> Iterator[CheckFailure]:
    count = min(len(epoch.causes), len(epoch.appeared))
    taken = epoch.appeared[:count] - epoch.causes[:count]
    # Outputs before their cause are the check `extra`.
    for place in np.flatnonzero((taken < rule.least) & (taken >= 0))[:MAX_EACH].tolist():
        message = f"appeared {taken[place]} cycles after its cause, sooner than {rule.least}"
        yield CheckFailure(check="early", port=rule.to, cycle=int(epoch.appeared[place]), index=place, message=message)
    if rule.most is None or rule.after is None:
        return
    known = min(len(epoch.causes), len(epoch.moved) + 1)
    previous = np.concatenate([np.array([_LONG_AGO], np.int64), epoch.moved])[:known]
    due = np.maximum(epoch.causes[:known] + rule.most, previous + rule.after)
    when = np.full(known, epoch.end, np.int64)  # not before the end
    when[:count] = epoch.appeared[:count][:known]
    for place in np.flatnonzero((when > due) & (due < epoch.end))[:MAX_EACH].tolist():
        message = (
            f"was due in cycle {due[place]}: {rule.most} cycles after its cause in cycle {epoch.causes[place]}, or "
            f"{rule.after} after the transfer before it; "
            + (f"it appeared in cycle {when[place]}" if place < count else "it has not appeared")
        )
        yield CheckFailure(check="late", port=rule.to, cycle=int(due[place]), index=place, message=message)


def _capacity(rule: Capacity, epoch: _Epoch, accepts: Stream, trace: Trace) -> Iterator[CheckFailure]:
    rows = np.arange(epoch.begin, epoch.end)
    # What holds at the beginning of a cycle: causes and transfers of the cycles before it.
    held = np.searchsorted(epoch.causes, rows, side="left") - np.searchsorted(epoch.moved, rows, side="left")
    refused = _refused(accepts, trace)[epoch.begin : epoch.end]
    for row in _first_of_runs(refused & (held < rule.least)):
        message = f"refuses an offer with {held[row]} outputs to deliver, although there is room for {rule.least}"
        yield CheckFailure(check="capacity", port=rule.accepts, cycle=epoch.begin + row, message=message)
    if rule.most is not None:
        for row in _first_of_runs(held > rule.most):
            message = f"holds {held[row]} outputs that {rule.holds} has not delivered, more than {rule.most}"
            yield CheckFailure(check="capacity", port=rule.accepts, cycle=epoch.begin + row, message=message)


def _patience(rule: Patience, streams: dict[str, Stream], trace: Trace) -> Iterator[CheckFailure]:
    waits = _refused(streams[rule.offer], trace)
    for key, one in streams.items():
        if one.driven and key != rule.offer and one.ready is not None:
            waits = waits & (trace.signals[one.valid] == 1)
        if not one.driven and one.ready is not None:
            waits = waits & (trace.signals[one.ready] == 1)
    breaks = np.flatnonzero(~np.concatenate([waits, np.zeros(1, np.bool_)]))
    begins = np.concatenate([np.array([-1], np.int64), breaks[:-1]]) + 1
    lengths = breaks - begins
    for place in np.flatnonzero(lengths > rule.most)[:MAX_EACH].tolist():
        if trace.end == End.DEADLOCK and breaks[place] == trace.cycles:
            continue  # the check `deadlock` tells it
        message = (
            f"an offer was refused for {lengths[place]} cycles with all outputs taken at once; allowed: {rule.most}"
        )
        yield CheckFailure(check="patience", port=rule.offer, cycle=int(begins[place]), message=message)


def _refused(stream: Stream, trace: Trace) -> BoolColumn:
    if stream.ready is None:
        return np.zeros(trace.cycles, np.bool_)
    refused: BoolColumn = (trace.signals[stream.valid] == 1) & (trace.signals[stream.ready] != 1) & ~trace.in_reset
    return refused


def _first_of_runs(wrong: BoolColumn) -> list[int]:
    before = np.concatenate([np.zeros(1, np.bool_), wrong[:-1]])[: len(wrong)]
    rows: list[int] = np.flatnonzero(wrong & ~before)[:MAX_EACH].tolist()
    return rows
