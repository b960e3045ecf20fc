"""Event tables that exist for every design, made from the trace alone.

``cycle``           one row for each cycle
``transfer_<port>`` one row for each accepted transfer of a stream, except of writes that a beat may carry
``access_<port>``   one row for each answered access of a bus, each beat of a burst
``reset``           one row for each reset pulse after the initial one

Columns of ``cycle``: every observed or held field, signed if design.yaml says so; for every stream P
with a ready ``P_valid``, ``P_ready``, ``P_transfer`` (0 or 1), ``P_stall`` (cycles, this one
included, that valid has waited for ready; 0 when not waiting) and ``P_idle``
(cycles, this one included, without valid); for every other stream P ``P_strobe`` (1 where
its valid is high out of reset); every probe; ``in_reset``, ``epoch``, ``cycle``.

If a port P has several streams, its kind names them, such as ``P_request`` and ``P_response``.

Columns of ``transfer_P``: ``cycle``, ``epoch``, ``beat`` (number in its packet, from 0), ``number`` (from 0, since
the reset), ``gap`` (cycles without valid since the previous transfer or reset), ``stall`` (cycles it
waited for ready), ``back_to_back`` (1 if the previous transfer was one cycle ago), ``behind`` (cycles that the
transfer one cycle ago waited for ready, 0 without one), and what it carries: its fields and ``last``, each as
``prev_<name>`` too, that of the transfer before in the epoch (0 without one). A field called like another column is
``field_<name>``.

Columns of ``access_P``: ``cycle`` (of the answer), ``epoch``, ``write`` (0 or 1), ``addr``, ``data`` (the lowest 63
bits), ``error`` (0 or 1), ``resp`` and ``id`` if the bus has them, ``latency`` (cycles from the complete request to the
answer), ``gap`` (cycles between the previous answer and this one, -1 if there is none), ``same_address`` (1 if the
previous access had this address, 0 otherwise).

Columns of ``reset``: ``cycle``, ``epoch``, ``width`` (cycles), ``P_beat`` for every stream
of packets (accepted beats of the packet that the pulse interrupted), ``P_after`` for every output stream (its transfers
between this pulse and the next one, which show what became of what the pulse interrupted), ``P_before`` for every
stream (its transfers between the reset before and this pulse), ``P_ended`` for one with ``last`` (its packets that
ended there), the columns of ``cycle`` for the cycle *before* the pulse, under the same names, and of observed fields
and probes ``dropped_<level>``, the value in the first cycle *of* the pulse, the state that a synchronous reset drops,
and (of up to five bits) ``visited_<level>``, whose bit v is set if it takes the value v behind the pulse, before the
next one.

With several clocks, a row of ``cycle`` is a step in which one of them rises: ``<clock>_edge`` (0 or 1) tells which, and
``cycle`` and ``width`` count steps. Transfers, stalls, idle times and gaps of a stream are counted at the edges of its
own clock; between two of them ``P_stall`` and ``P_idle`` keep their value.

`join` adds to any table with a ``cycle`` column the columns of ``cycle`` for that cycle;
a column of the table's own has precedence over one of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.event_columns.carried_columns import behind, carried
from dv_agent.designs.event_columns.reset_table import reset_table
from dv_agent.designs.observation import JoinedColumns, LazyColumns, Table
from dv_agent.designs.packet_columns import begins_epoch, places
from dv_agent.designs.ports.buses.views.access_tables import access_tables
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers, sign_extended


def cycle_tables(design: Design, trace: Trace) -> dict[str, Table]:
    """Return the shared tables of one trace; all empty if the trace holds no signals."""
    facts = _cycle_facts(design, trace)
    tables = {"cycle": Table(facts), "reset": reset_table(design, trace, facts)}
    for one in design.streams:
        if not one.rides and one.key in trace.accepted:
            ticks = trace.ticks(design.clock_of(one.port))
            tables[f"transfer_{one.column}"] = _transfer_table(trace.accepted[one.key], facts, one.column, ticks)
    tables.update(access_tables(design.ports, trace, facts))
    return tables


def join(tables: Mapping[str, Table], facts: Table) -> dict[str, Table]:
    """Add the columns of ``cycle`` to every table with a ``cycle`` column (except ``cycle`` and ``reset``)."""
    return {
        name: table if name in ("cycle", "reset") or "cycle" not in table.columns else _joined(table, facts)
        for name, table in tables.items()
    }


def run_lengths(active: BoolColumn) -> IntColumn:
    """Return for each cycle how many consecutive cycles `active` has been true, this one included: int64[n]."""
    count = np.cumsum(active, dtype=np.int64)
    base = np.maximum.accumulate(np.where(active, 0, count)) if len(active) else count
    return np.where(active, count - base, 0)


def _joined(table: Table, facts: Table) -> Table:
    if not len(facts):
        return table
    rows = np.minimum(np.maximum(table.columns["cycle"], 0), len(facts) - 1)
    return Table(JoinedColumns(table.columns, facts.columns, rows))


def _cycle_facts(design: Design, trace: Trace) -> Mapping[str, IntColumn]:
    n = trace.cycles if trace.signals else 0
    if n == 0:
        return {}
    facts: dict[str, IntColumn] = {"cycle": np.arange(n, dtype=np.int64), "epoch": trace.epoch}
    made: dict[str, Callable[[], IntColumn]] = {"in_reset": lambda: trace.in_reset.astype(np.int64)}
    made |= {f"{clock}_edge": partial(ticks.astype, np.int64) for clock, ticks in trace.edges.items()}
    for name, port in design.ports.items():
        levels = port.levels().items()
        made |= {field: partial(_value, trace.signals[spec.signal], spec) for field, spec in levels}
        streams = [one for one in port.streams(name) if one.ready is None]
        made |= {f"{one.column}_strobe": _StreamLevels(design, trace, one).strobe for one in streams}
    made |= {name: partial(trace.signals.__getitem__, name) for name in design.probes if name in trace.signals}
    for stream in design.streams:
        if stream.ready is not None:
            made |= _StreamLevels(design, trace, stream).columns()
    return LazyColumns(facts, made)


class _StreamLevels:
    """The columns that the cycles of a trace have for one stream."""

    def __init__(self, design: Design, trace: Trace, stream: Stream) -> None:
        self._design, self._trace, self._stream = design, trace, stream

    def columns(self) -> dict[str, Callable[[], IntColumn]]:
        """Return how to make each column of a stream with a ready."""
        name = self._stream.column
        return {
            f"{name}_valid": lambda: self._valid.astype(np.int64),
            f"{name}_ready": lambda: self._ready.astype(np.int64),
            f"{name}_transfer": lambda: (self._valid & self._ready & self._ticks).astype(np.int64),
            f"{name}_stall": lambda: _spread(run_lengths((self._valid & ~self._ready)[self._ticks]), self._ticks),
            f"{name}_idle": lambda: _spread(run_lengths(~self._valid[self._ticks]), self._ticks),
        }

    def strobe(self) -> IntColumn:
        """Return int64[cycles], 1 where a stream without ready moves."""
        return (self._valid & self._ticks).astype(np.int64)

    @cached_property
    def _ticks(self) -> BoolColumn:
        return self._trace.ticks(self._design.clock_of(self._stream.port))

    @cached_property
    def _valid(self) -> BoolColumn:
        return self._high(self._stream.valid)

    @cached_property
    def _ready(self) -> BoolColumn:
        assert self._stream.ready is not None
        return self._high(self._stream.ready)

    def _high(self, signal: str) -> BoolColumn:
        return np.asarray((self._trace.signals[signal] != 0) & ~self._trace.in_reset)


def _spread(values: IntColumn, ticks: BoolColumn) -> IntColumn:
    """Return int64[cycles] from one value for each edge of a clock: the value of the last edge, 0 before the first."""
    if len(values) == len(ticks):
        return values
    edge = np.cumsum(ticks, dtype=np.int64)
    return np.concatenate([np.zeros(1, np.int64), values])[edge]


def _value(signal: IntColumn, spec: FieldSpec) -> IntColumn:
    """Return an observed field, signed if its spec is; signals are unsigned in a trace, and lanes stay packed."""
    if not spec.signed or spec.lanes > 1 or signal.ndim > 1:
        return signal
    return sign_extended(signal, spec.width)


def _transfer_table(transfers: Transfers, facts: Mapping[str, IntColumn], name: str, ticks: BoolColumn) -> Table:
    known = {"cycle": transfers.cycle, "epoch": transfers.epoch}
    made: dict[str, Callable[[], IntColumn]] = {
        "beat": partial(_beat_places, transfers), "number": partial(_numbers, transfers),
    }  # fmt: skip
    if facts:
        waits = _Waits(transfers, facts, name, ticks)
        made |= {"stall": lambda: waits.stall, "gap": waits.gap, "back_to_back": waits.back_to_back}
        made["behind"] = lambda: behind(transfers, waits.stall, waits.back_to_back())
    made |= carried(transfers, {*known, *made, *facts})
    return Table(LazyColumns(known, made))


class _Waits:
    """What passed before each transfer of a stream, in edges of its clock."""

    def __init__(self, transfers: Transfers, facts: Mapping[str, IntColumn], name: str, ticks: BoolColumn) -> None:
        self._transfers, self._facts, self._name, self._ticks = transfers, facts, name, ticks

    def gap(self) -> IntColumn:
        """Return int64[n], the edges without valid since the previous transfer or reset."""
        cycle, previous, _ = self._places
        return np.asarray(cycle - previous - 1 - self.stall)

    def back_to_back(self) -> IntColumn:
        """Return int64[n], 1 if the previous transfer was one edge ago."""
        cycle, previous, first = self._places
        return np.asarray((cycle - previous == 1) & ~first, dtype=np.int64)

    @cached_property
    def stall(self) -> IntColumn:
        """int64[n], the edges that it waited for ready."""
        cycle, previous, _ = self._places
        valid_before = np.maximum(self._transfers.cycle - 1, 0)
        # Without a ready, no transfer waits.
        stalls = self._facts.get(f"{self._name}_stall", np.zeros_like(self._facts["cycle"]))
        stall = np.where(cycle > 0, stalls[valid_before], 0)
        return np.where(cycle - stall > previous, stall, cycle - previous - 1)

    @cached_property
    def _places(self) -> tuple[IntColumn, IntColumn, BoolColumn]:
        """The edge of each transfer, that of the one before it or of the reset, and whether it is first of an epoch."""
        epoch = self._transfers.epoch
        first = begins_epoch(epoch)
        # Edges of the stream's clock before each cycle: with one clock, the number of the cycle.
        edges = np.cumsum(self._ticks, dtype=np.int64) - self._ticks
        cycle = edges[self._transfers.cycle]
        previous = np.empty(len(epoch), dtype=np.int64)
        previous[1:] = cycle[:-1]
        previous[first] = edges[_epoch_starts(self._facts)[epoch[first]]] - 1
        return cycle, previous, first


def _numbers(transfers: Transfers) -> IntColumn:
    return places(np.zeros_like(transfers.epoch), transfers.epoch)


def _beat_places(transfers: Transfers) -> IntColumn:
    last = transfers.columns.get("last")
    return np.zeros(len(transfers), np.int64) if last is None else places(last, transfers.epoch)


def _epoch_starts(facts: Mapping[str, IntColumn]) -> IntColumn:
    """Return the first cycle out of reset of each epoch."""
    epochs = facts["epoch"]
    starts = np.zeros(int(epochs[-1]) + 1, dtype=np.int64)
    out = np.flatnonzero(facts["in_reset"] == 0)[::-1]
    starts[epochs[out]] = out
    return starts
