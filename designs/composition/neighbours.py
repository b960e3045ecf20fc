"""How the neighbours of a design keep up with it: how late a source offers, what a packet's beats have in common, runs.

For models of event tables about sources and sinks in step with the design. ``cycle`` and ``epoch`` are int64[n] as in
`Transfers`, in cycle order; nothing counts across a reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.composition.port_history import first_of, restart_rows, window_columns
from dv_agent.designs.packet_columns import NONE, begins_epoch
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers


def rows_as_events(columns: Mapping[str, IntColumn]) -> Transfers:
    """Return the rows of a table, which lie in cycle order, as transfers without payload."""
    return Transfers(columns["cycle"], columns["epoch"], {}, np.zeros(len(columns["cycle"]), np.bool_))


def high(trace: Trace, pin: str) -> BoolColumn:
    """(cycles,) whether a pin of one bit is 1 and there is no reset; never if the trace does not hold it."""
    if pin not in trace.signals:
        return np.zeros(trace.cycles, np.bool_)
    return np.asarray((trace.signals[pin] != 0) & ~trace.in_reset)


def lags(trace: Trace, stream: str, cycle: IntColumn) -> IntColumn:
    """(n,) for how many cycles ready had waited for valid when it was taken, by ``<stream>_valid`` and ``_ready``."""
    if f"{stream}_valid" not in trace.signals:
        return np.zeros(len(cycle), np.int64)
    stands = high(trace, f"{stream}_ready") & ~high(trace, f"{stream}_valid")
    rows = np.arange(trace.cycles, dtype=np.int64)
    run = rows - np.maximum.accumulate(np.where(stands, NONE, rows))
    return np.where(cycle > 0, run[np.maximum(cycle - 1, 0)], 0).astype(np.int64)


def moves_in(events: Transfers, cycle: IntColumn) -> BoolColumn:
    """(n,) whether there is a transfer in the very same cycle."""
    return np.asarray(np.isin(cycle, events.cycle))


def shared_value(values: IntColumn, packet: IntColumn, packets: int) -> IntColumn:
    """(packets,) the value that all entries of a packet have; `NONE` if they differ or there are none.

    Args:
        values: (n,), at least 0; packet: (n,) the packet of each.
    """
    least, most = np.full(packets, np.iinfo(np.int64).max), np.full(packets, NONE, np.int64)
    np.minimum.at(least, packet, values)
    np.maximum.at(most, packet, values)
    return np.where(least == most, most, NONE)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of entries of one kind on end; all arrays have shape (n,)."""

    length: IntColumn  # of the run up to this entry
    before: IntColumn  # kind of the run directly before this one, `NONE` if there is none
    length_before: IntColumn  # of that run, 0 if there is none


def runs(kind: IntColumn, epoch: IntColumn) -> Runs:
    """Return the runs of a column of kinds."""
    starts = begins_epoch(epoch)
    starts[1:] |= kind[1:] != kind[:-1]
    start = np.flatnonzero(starts)
    number = np.cumsum(starts) - 1
    fresh = np.concatenate([np.ones(1, np.bool_), np.diff(epoch[start]) != 0])[: len(start)]
    sizes = np.diff(start, append=len(kind))
    before = np.where(fresh, NONE, np.roll(kind[start], 1))
    length_before = np.where(fresh, 0, np.roll(sizes, 1))
    length = np.arange(len(kind), dtype=np.int64) - start[number] + 1 if len(kind) else np.zeros(0, np.int64)
    return Runs(length, before[number].astype(np.int64), length_before[number].astype(np.int64))


def different(values: IntColumn, length: IntColumn) -> IntColumn:
    """(n,) how many different values the run up to each entry has. Args: length (n,) as in `Runs`."""
    rows = np.arange(len(values), dtype=np.int64)
    start = rows - length + 1
    pairs = np.stack([start, values], axis=1)
    fresh = np.zeros(len(values), np.int64)
    fresh[np.unique(pairs, axis=0, return_index=True)[1]] = 1
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(fresh)])
    return np.asarray(total[1:] - total[np.minimum(start, rows)], np.int64)


def unlike(values: IntColumn, epoch: IntColumn, back: int) -> BoolColumn:
    """(n,) whether a value differs from each of so many before it; those before the reset do not count."""
    found = np.ones(len(values), np.bool_)
    for step in range(1, back + 1):
        found[step:] &= (values[step:] != values[:-step]) | (epoch[step:] != epoch[:-step])
    return found


def stream_windows(trace: Trace, size: int, streams: Sequence[str]) -> dict[str, IntColumn]:
    """(k,) of each window of `size` cycles, and stream: ``<stream>_moves``, ``_waits`` for ready and ``_idles``.

    ``_idles`` counts the cycles with ready and without valid.
    """
    events: dict[str, BoolColumn] = {}
    for stream in streams:
        valid, ready = high(trace, f"{stream}_valid"), high(trace, f"{stream}_ready")
        events |= {f"{stream}_moves": valid & ready, f"{stream}_waits": valid & ~ready}
        events[f"{stream}_idles"] = ready & ~valid
    columns = window_columns(trace, size, events)
    known = all(f"{stream}_valid" in trace.signals for stream in streams)
    return columns if known else {name: values[:0] for name, values in columns.items()}


@dataclass(frozen=True, slots=True)
class Restarts:
    """The resets of a test after the initial one; all arrays have shape (k,)."""

    begin: IntColumn  # the first cycle of the reset
    cycle: IntColumn  # the cycle before it
    old: IntColumn  # the epoch that it ends
    new: IntColumn  # the epoch that it begins

    def last_before(self, epoch: IntColumn) -> IntColumn:
        """(k,) the index of the last entry of the old epoch, or `NONE`. Args: epoch (n,) of entries."""
        index = np.searchsorted(epoch, self.old, side="right") - 1
        there = (index >= 0) & (epoch[np.maximum(index, 0)] == self.old) if len(epoch) else index >= 0
        return np.where(there, index, NONE).astype(np.int64)

    def first_behind(self, epoch: IntColumn) -> IntColumn:
        """(k,) the index of the first entry of the new epoch, or `NONE`. Args: epoch (n,) of entries."""
        return first_of(epoch, self.new)

    def count_behind(self, epoch: IntColumn) -> IntColumn:
        """(k,) how many entries lie between this reset and the next one."""
        return np.asarray(epoch.searchsorted(self.new, "right") - epoch.searchsorted(self.new), np.int64)


def restarts_of(trace: Trace) -> Restarts:
    """Return the resets of a trace."""
    begin = restart_rows(trace)
    before = np.maximum(begin - 1, 0)
    return Restarts(begin, before, trace.epoch[before], trace.epoch[begin])
