"""What the ports alone tell of a design without observed state: what is inside, what meets in a cycle, for how long.

For models of event tables whose rows are conditions that lasted, or something that left because of what came before.
``cycle`` and ``epoch`` are int64[n] as in `Transfers`, in cycle order; nothing counts across a reset.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dv_agent.designs.packet_columns import NONE, begins_epoch, find_packets, places
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

_NO_CYCLES = np.zeros(0, np.int64)


def seen(trace: Trace, stream: str) -> Transfers:
    """Return the transfers of a stream; none if the trace holds no outputs, as that of a played model."""
    none = Transfers(_NO_CYCLES, _NO_CYCLES, {}, np.zeros(0, np.bool_))
    return trace.accepted.get(stream, none)


def streak(mask: BoolColumn, epoch: IntColumn) -> IntColumn:
    """(n,) how many entries on end, this one included, a condition has held; 0 where it does not."""
    rows = np.arange(len(mask), dtype=np.int64)
    breaks = np.where(~mask, rows, np.where(begins_epoch(epoch), rows - 1, NONE - 1))
    return np.asarray(rows - np.maximum.accumulate(breaks)) if len(mask) else rows


def moved_before(events: Transfers, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) how many of these transfers there were before each cycle, since the reset before it."""
    start = np.searchsorted(events.epoch, epoch)
    return np.asarray(np.searchsorted(events.cycle, cycle) - start, dtype=np.int64).clip(0)


def met(events: Transfers, cycle: IntColumn) -> IntColumn:
    """(n,) the index of the transfer in the very same cycle, or `NONE`."""
    if not len(events):
        return np.full(len(cycle), NONE, np.int64)
    place = np.minimum(np.searchsorted(events.cycle, cycle), len(events) - 1)
    return np.where(events.cycle[place] == cycle, place, NONE).astype(np.int64)


def at(values: IntColumn, index: IntColumn, none: int = NONE) -> IntColumn:
    """(n,) the values at these places; `none` where the index is none of them."""
    if not len(values):
        return np.full(len(index), none, np.int64)
    inside = (index >= 0) & (index < len(values))
    return np.where(inside, np.asarray(values, np.int64)[np.where(inside, index, 0)], none)


def waits(trace: Trace, stream: str, cycle: IntColumn) -> IntColumn:
    """(n,) for how many cycles valid had waited for ready when it was taken, by ``<stream>_valid`` and ``_ready``."""
    if f"{stream}_valid" not in trace.signals:
        return np.zeros(len(cycle), np.int64)
    high = (trace.signals[f"{stream}_valid"] != 0) & ~trace.in_reset
    stands = high & (trace.signals[f"{stream}_ready"] == 0)
    rows = np.arange(trace.cycles, dtype=np.int64)
    run = rows - np.maximum.accumulate(np.where(stands, NONE, rows))
    return np.where(cycle > 0, run[np.maximum(cycle - 1, 0)], 0).astype(np.int64)


def ordinal(epoch: IntColumn) -> IntColumn:
    """(n,) number of each entry since its reset, from 0."""
    return places(np.zeros_like(epoch), epoch)


def delivered(events: Transfers, owed: IntColumn) -> IntColumn:
    """(n,) the index of the transfer that delivers each thing owed, in order; `NONE` where it never came.

    Args:
        owed: (n,) the epoch of each, ascending.
    """
    index = np.searchsorted(events.epoch, owed) + ordinal(owed)
    return np.where(index < np.searchsorted(events.epoch, owed, side="right"), index, NONE).astype(np.int64)


def window_columns(trace: Trace, size: int, events: Mapping[str, BoolColumn]) -> dict[str, IntColumn]:
    """(k,) how often each event happened in each window of `size` cycles, laid end to end from every reset on.

    ``cycle`` is the last one of a window. The rest of an epoch that fills no window is left out.
    """
    free = np.flatnonzero(~trace.in_reset)
    number = ordinal(trace.epoch[free])
    last = np.flatnonzero(number % size == size - 1)
    columns = {"cycle": free[last], "epoch": trace.epoch[free][last], "number": number[last] // size}
    for name, mask in events.items():
        total = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask[free], dtype=np.int64)])
        columns[name] = total[last + 1] - total[last + 1 - size]
    return columns


def restart_rows(trace: Trace) -> IntColumn:
    """(k,) the first cycle of each reset after the initial one."""
    begins = trace.in_reset.copy()
    begins[1:] &= ~trace.in_reset[:-1]
    return np.flatnonzero(begins).astype(np.int64)


def cut_places(accepted: Transfers, epoch: IntColumn) -> IntColumn:
    """(k,) how many transfers of an unended packet there were at the end of each of these epochs."""
    last = accepted.columns.get("last", np.ones(len(accepted), np.int64))
    place = places(last, accepted.epoch)
    end = np.searchsorted(accepted.epoch, epoch, side="right") - 1
    there = (end >= 0) & (at(accepted.epoch, end) == epoch) & (at(last, end, 1) == 0)
    return np.where(there, at(place, end) + 1, 0)


def first_of(epochs: IntColumn, wanted: IntColumn) -> IntColumn:
    """(k,) the index of the first entry of each wanted epoch, or `NONE`."""
    index = np.searchsorted(epochs, wanted)
    return np.where(at(epochs, index, NONE - 1) == wanted, index, NONE).astype(np.int64)


def packet_ends(last: IntColumn) -> IntColumn:
    """(k,) the index of the transfer that ends each packet."""
    return find_packets(last).end
