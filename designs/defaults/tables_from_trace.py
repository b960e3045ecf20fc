"""The observation of a design without model.py: event tables from the trace alone, and no expected outputs.

Tables besides the shared ones of `cycle_tables`, for each stream P:

``beat_P``    one row for each accepted transfer: its fields, ``last``, ``place`` (number in its packet), ``gap``
              (cycles without a transfer since the one before in the same epoch, -1 for the first), ``since_reset``
              (transfers of the epoch before it)
``packet_P``  one row for each complete packet of a stream with ``last``: ``length``, ``first_cycle``, ``gap_before``,
              ``longest_gap``

A field that is called like a column of these tables is found under ``field_<name>``.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import (
    complete_mask,
    count_up,
    find_packets,
    gap_columns,
    idle_before,
    places,
    select,
)
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import End, IntColumn, Trace, Transfers

TAKEN = frozenset({"cycle", "epoch", "last", "place", "gap", "since_reset", "in_reset"})


class TraceObserver:
    """Stands in for the reference model of `design`."""

    def __init__(self, design: Design) -> None:
        self._design = design

    def observe(self, trace: Trace) -> Observation:
        """Return the tables of one trace; no output is expected, so nothing is compared."""
        tables: dict[str, Table] = {}
        for stream in self._design.streams:
            if stream.key not in trace.accepted:
                continue
            seen = trace.accepted[stream.key]
            tables[f"beat_{stream.column}"] = _beats(stream, seen)
            if stream.last is not None:
                tables[f"packet_{stream.column}"] = _packets(seen)
        return Observation(expected={}, tables=tables, may_wait=_may_wait(self._design, trace), judged=False)


def field_column(name: str) -> str:
    """Return the column of a field in ``beat_P``. Args: name: the field in design.yaml."""
    return f"field_{name}" if name in TAKEN else name


def _beats(stream: Stream, seen: Transfers) -> Table:
    columns: dict[str, IntColumn] = {"cycle": seen.cycle, "epoch": seen.epoch}
    columns |= {field_column(name): seen.columns[name] for name in stream.fields if name in seen.columns}
    if stream.last is not None and "last" in seen.columns:
        columns["last"] = seen.columns["last"]
        columns["place"] = places(seen.columns["last"], seen.epoch)
    columns["gap"] = idle_before(seen.cycle, seen.epoch)
    columns["since_reset"] = _since_reset(seen.epoch)
    return Table(columns)


def _since_reset(epoch: IntColumn) -> IntColumn:
    starts = np.flatnonzero(np.diff(epoch, prepend=epoch[:1] - 1)).astype(np.int64)
    return count_up(np.diff(starts, append=len(epoch)))


def _packets(seen: Transfers) -> Table:
    kept = select(seen, complete_mask(seen.columns["last"], seen.epoch))
    packets = find_packets(kept.columns["last"])
    columns = {
        "cycle": kept.cycle[packets.end], "epoch": kept.epoch[packets.end], "length": packets.length,
        "first_cycle": kept.cycle[packets.start], **gap_columns(kept.cycle, kept.epoch, packets),
    }  # fmt: skip
    return Table(columns)


def _may_wait(design: Design, trace: Trace) -> frozenset[str]:
    """Return the inputs that may be waiting for another input, which had nothing left to send at the end.

    Without a specification nobody knows what the design waits for. It is taken to hang only if no other input could
    make it go on: each input that has a ready is refused, and there is no input of another kind.
    """
    if trace.end != End.DEADLOCK or not trace.cycles:
        return frozenset()
    # These wait for the design, not it for them.
    answers = {one.key for one in design.streams if one.driven and one.port in design.memories}
    inputs = [one for one in design.streams if one.driven and one.key not in answers]
    offered = [one for one in inputs if _is_high(trace, one.valid)]
    refused = frozenset(one.key for one in offered if one.ready is not None and not _is_high(trace, one.ready))
    # The other channels of a bus are offered as far as the protocol allows, and its pins follow its accesses.
    blocked = {one.port for one in inputs if one.key in refused}
    others = [one for one in inputs if one.key not in refused and (one.port not in blocked or not _is_bus(design, one))]
    levels = any(port.held() and not port.streams(name) for name, port in design.ports.items())
    return refused if levels or others else frozenset()


def _is_bus(design: Design, stream: Stream) -> bool:
    return design.ports[stream.port].words() is not None


def _is_high(trace: Trace, signal: str) -> bool:
    values = trace.signals.get(signal)
    return values is not None and bool(values[-1] == 1)
