"""The heads of event tables that variants share: what left a stream, windows of cycles, and what a reset met.

Each function returns the columns that do not depend on the arithmetic of a design; its model adds its own. ``cycle``
and ``epoch`` are int64[n] as in `Transfers`. All is made of `port_history`, and nothing counts across a reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.composition.port_history import at, moved_before, ordinal, restart_rows, waits, window_columns
from dv_agent.designs.packet_columns import NONE, Packets, complete_mask, previous
from dv_agent.designs.trace import IntColumn, Trace, Transfers

Columns = dict[str, IntColumn]
Regimes = dict[str, tuple[int, int]]
"""A column of `streak`, its number (of several that hold the first one counts), and how long it must have lasted."""


@dataclass(frozen=True, slots=True)
class Left:
    """What was delivered on a stream of what was owed there.

    Attributes:
        index: (m,) the place of each delivered thing among those owed.
        columns: (m,) each: ``cycle``, ``epoch``, ``stall`` (cycles that it waited for ready), ``spacing`` (cycles from
            the one before, or from cycle 0).
    """

    index: IntColumn
    columns: Columns


def int_columns(columns: Mapping[str, NDArray[Any]]) -> Columns:
    """Return columns as int64, masks too."""
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def as_events(cycle: IntColumn, epoch: IntColumn) -> Transfers:
    """Return things that happened as transfers without payload, in cycle order."""
    order = np.argsort(cycle, kind="stable")
    return Transfers(cycle[order], epoch[order], {}, np.zeros(len(order), np.bool_))


def left(trace: Trace, stream: str, outs: Transfers, owed: IntColumn) -> Left:
    """Return what was delivered of what is owed, in order; what is too much is left out.

    Args:
        owed: (n,) the epoch of each thing owed, ascending.
    """
    index = np.searchsorted(owed, outs.epoch) + ordinal(outs.epoch)
    known = index < np.searchsorted(owed, outs.epoch, side="right")
    cycle, epoch = outs.cycle[known], outs.epoch[known]
    columns = {
        "cycle": cycle,
        "epoch": epoch,
        "stall": waits(trace, stream, cycle),
        "spacing": cycle - previous(cycle, epoch, 0),
    }
    return Left(np.asarray(index[known], np.int64), columns)


def recent(values: IntColumn, epoch: IntColumn, reach: int) -> IntColumn:
    """(n,) the greatest of the `reach` values before each entry, in its epoch; 0 without any.

    Of `streak` it is the length of a run that ended at most `reach` entries ago.
    """
    found, before = np.zeros(len(values), np.int64), np.asarray(values, np.int64)
    for _ in range(reach):
        before = previous(before, epoch, 0)
        found = np.maximum(found, before)
    return found


def regimes(columns: Columns, lasting: Regimes, reach: int) -> IntColumn:
    """(n,) the regime that goes on at each entry, or ended at most `reach` entries before it; 0 without any.

    Args:
        columns: ``epoch``, and those that `lasting` names.
    """
    found = np.zeros(len(columns["epoch"]), np.int64)
    for name, (number, least) in reversed(lasting.items()):
        longest = np.maximum(columns[name], recent(columns[name], columns["epoch"], reach))
        found = np.where(longest >= least, number, found)
    return found


def changes(columns: Columns, lasting: Regimes) -> IntColumn:
    """(n,) where a regime is reached: its number, plus 8 times ``regime`` of the entry before its first; else 0."""
    rows, found = np.arange(len(columns["epoch"]), dtype=np.int64), np.zeros(len(columns["epoch"]), np.int64)
    for name, (number, least) in lasting.items():
        before = at(columns["regime"], rows - columns[name], 0)
        found = np.where((columns[name] == least) & (before > 0), number + 8 * before, found)
    return found


def distinct_in_run(values: IntColumn, run: IntColumn) -> IntColumn:
    """(n,) how many different values the present run holds, this entry included; 0 outside of runs.

    Args:
        run: (n,) from `streak`.
    """
    rows = np.arange(len(values), dtype=np.int64)
    start = rows - run + 1
    order = np.lexsort((rows, values))
    before = np.full(len(values), NONE, np.int64)
    same = values[order[1:]] == values[order[:-1]]
    before[order[1:]] = np.where(same, order[:-1], NONE)
    fresh = np.concatenate([np.zeros(1, np.int64), np.cumsum(before < start, dtype=np.int64)])
    return np.where(run > 0, fresh[rows + 1] - fresh[np.minimum(start, rows)], 0)


def wait_windows(trace: Trace, size: int, source: str, sink: str) -> Columns:
    """(k,) windows of `size` cycles: transfers of a source and of a sink, and cycles in which each waited.

    The columns: ``cycle``, ``epoch``, ``number``, ``taken``, ``given``, ``in_waits``, ``out_waits``.
    """
    names = ("taken", "in_waits", "given", "out_waits")
    if f"{source}_valid" not in trace.signals:
        return dict.fromkeys(("cycle", "epoch", "number", *names), np.zeros(0, np.int64))
    pins = {}
    for name, stream in (("source", source), ("sink", sink)):
        valid, ready = (trace.signals[f"{stream}_{pin}"] != 0 for pin in ("valid", "ready"))
        pins[name] = (valid & ready, valid & ~ready)
    return window_columns(trace, size, dict(zip(names, (*pins["source"], *pins["sink"]), strict=True)))


def resets(trace: Trace, accepted: Transfers, outs: Transfers) -> Columns:
    """(k,) each reset after the initial one, in the cycle before it; one in cycle 0 meets nothing and is left out.

    ``cycle``, ``epoch`` before and ``next`` behind it, ``begin`` (its first cycle), ``last`` (the index of the last
    accepted transfer before it), ``since_in`` and ``since_out`` (cycles from the last transfer, 1 is directly behind,
    -1 if there was none since the reset before), ``total`` (accepted since then), ``after`` (delivered before the next
    one).
    """
    begin = restart_rows(trace)
    begin = begin[begin > 0]
    before = begin - 1
    old, new = trace.epoch[before], trace.epoch[begin]
    columns = {
        "cycle": before,
        "epoch": old,
        "next": new,
        "begin": begin,
        "last": np.searchsorted(accepted.cycle, begin) - 1,
        "since_in": since(accepted, begin, old),
        "since_out": since(outs, begin, old),
        "total": moved_before(accepted, begin, old),
        "after": outs.epoch.searchsorted(new, "right") - outs.epoch.searchsorted(new),
    }
    return int_columns(columns)


def since(events: Transfers, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) cycles from the last of these transfers before each cycle, in its epoch; `NONE` if there was none."""
    last = np.searchsorted(events.cycle, cycle) - 1
    there = (last >= 0) & (at(events.epoch, last) == epoch)
    return np.where(there, cycle - at(events.cycle, last), NONE).astype(np.int64)


def with_what_was_cut(
    accepted: Transfers, packets: Packets, last: IntColumn, cut: IntColumn, first: IntColumn
) -> Transfers:
    """Return the packets that would be seen if resets had not ended those that they cut: cut transfers, then a packet.

    Args:
        accepted: transfers of a stream with packets.
        packets: the complete ones of them.
        last, cut, first: (k,) for each reset: the index of the last transfer before it, how many of them it cut, and
            the number of the first complete packet behind it. All of the three are known.
    """
    whole = np.flatnonzero(complete_mask(accepted.columns["last"], accepted.epoch))
    picks = [np.zeros(0, np.int64)]
    for end, size, packet in zip(last.tolist(), cut.tolist(), first.tolist(), strict=True):
        picks += [np.arange(end - size + 1, end + 1), whole[packets.start[packet] : packets.end[packet] + 1]]
    index = np.concatenate(picks)
    fields = {name: values[index] for name, values in accepted.columns.items()}
    numbers = np.arange(len(index), dtype=np.int64)
    return Transfers(numbers, np.zeros_like(numbers), fields, np.zeros(len(index), np.bool_))
