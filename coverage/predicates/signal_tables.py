"""Event tables as logic over the signals of a trace: in which cycles each has a row, and the values of its columns.

They mean the same as `dv_agent.designs.cycle_tables` and `dv_agent.designs.defaults.tables_from_trace`. A count
without a bound (cycles of stall, of idle, since a transfer) is exact up to a cap; beyond, it may be any larger number.
A column that no signal gives may be anything. Both allow more than a test does, so what is then unreachable is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dv_agent.coverage.predicates.verilog_numbers import Lines, NotOverSignalsError, Number
from dv_agent.coverage.predicates.watched_signals import WatchedSignals
from dv_agent.designs.defaults.tables_from_trace import field_column
from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream


@dataclass(frozen=True, slots=True)
class SignalTable:
    """A table: `row`, a bit that tells whether it has one, and its columns, made when they are first read."""

    name: str
    row: str
    columns: dict[str, Callable[[], Number]]
    epoch: str
    made: dict[str, Number]

    def column(self, name: str) -> Number:
        """Return a column.

        Raises:
            NotOverSignalsError: there is none of that name that signals give.
        """
        if name not in self.columns:
            raise NotOverSignalsError(f"reads column {name!r} of table {self.name!r}, which the model makes")
        if name not in self.made:
            self.made[name] = self.columns[name]()
        return self.made[name]


class SignalTables:
    """All tables of a design that signals give.

    Args:
        plain: whether the design has no model, so that its tables of beats and packets come from the trace alone.
        exact: see `WatchedSignals`.
    """

    def __init__(self, design: Design, lines: Lines, *, plain: bool, exact: bool = False) -> None:
        self._design, self._lines, self._plain = design, lines, plain
        self._watch = WatchedSignals(design, lines, exact=exact)
        self._tables: dict[str, SignalTable | None] = {}

    @property
    def watched(self) -> WatchedSignals:
        """The signals that the tables read."""
        return self._watch

    def table(self, name: str) -> SignalTable:
        """Return a table.

        Raises:
            NotOverSignalsError: the model makes it.
        """
        if name not in self._tables:
            self._tables[name] = self._made(name)
        found = self._tables[name]
        if found is None:
            raise NotOverSignalsError(f"is sampled on table {name!r}, which the model makes")
        return found

    def _made(self, name: str) -> SignalTable | None:
        if name == "cycle":
            return SignalTable(name, "started", self._cycle_columns(), self._watch.fresh, {})
        if name == "reset":
            return self._reset_table()
        for stream in self._design.streams:
            if name == f"transfer_{stream.column}" and not stream.rides:
                return self._joined(name, self._watch.fire(stream), self._transfer_columns(stream, name))
            if self._plain and name == f"beat_{stream.column}":
                return self._joined(name, self._watch.fire(stream), self._beat_columns(stream, name))
            if self._plain and name == f"packet_{stream.column}" and stream.last is not None:
                row = self._lines.bit(f"{self._watch.fire(stream)} && {self._watch.signal(stream.last, 1)}")
                return self._joined(name, row, self._packet_columns(stream, name))
        return None

    def _joined(self, name: str, row: str, own: dict[str, Callable[[], Number]]) -> SignalTable:
        return SignalTable(name, row, {**self._cycle_columns(), **own}, self._watch.fresh, {})

    def _cycle_columns(self) -> dict[str, Callable[[], Number]]:
        found: dict[str, Callable[[], Number]] = {
            "in_reset": lambda: self._lines.truth(self._watch.in_reset),
            "cycle": lambda: self._watch.cycle("cycle"),
            "epoch": lambda: self._watch.epoch("cycle"),
        }
        for port in self._design.ports.values():
            for name, spec in port.levels().items():
                found[name] = partial(self._watch.field, spec, packed=spec.lanes > 1)
        for name, probe in self._design.probes.items():
            found[name] = partial(self._probe, name, probe.width)
        for stream in self._design.streams:
            found |= dict(self._handshake(stream))
        return found

    def _probe(self, name: str, width: int) -> Number:
        return self._lines.number(f"$signed({{1'b0, {self._watch.signal(name, width)}}})", 0, (1 << width) - 1)

    def _handshake(self, one: Stream) -> Iterator[tuple[str, Callable[[], Number]]]:
        lines, name = self._lines, one.column
        if one.ready is None:
            yield f"{name}_strobe", lambda: lines.truth(self._watch.valid(one))
            return
        yield f"{name}_valid", lambda: lines.truth(self._watch.valid(one))
        yield f"{name}_ready", lambda: lines.truth(self._watch.ready(one))
        yield f"{name}_transfer", lambda: lines.truth(self._watch.fire(one))
        yield f"{name}_stall", lambda: self._watch.run(f"{name}_stall", self._watch.waiting(one))
        yield (
            f"{name}_idle",
            lambda: self._watch.run(f"{name}_idle", lines.bit(f"started && !{self._watch.valid(one)}")),
        )

    def _transfer_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        fire = self._watch.fire(one)

        def stall() -> Number:
            if one.ready is None:
                return self._lines.constant(0)
            waiting = self._watch.waiting(one)
            return self._watch.counted(
                table, "stall", self._watch.counter(waiting, self._watch.cap, f"!{waiting}"), self._watch.cap
            )

        def gap() -> Number:
            register = self._watch.counter("started", self._watch.cap, f"({self._watch.in_reset} || {fire})")
            since, waited = self._watch.counted(table, "since", register, self._watch.cap), stall()
            return self._lines.number(f"{since.wire} - {waited.wire}", since.low - waited.high, since.high)

        follows = self._watch.before(fire, "1'b0")
        return {
            "cycle": lambda: self._watch.cycle(table),
            "epoch": lambda: self._watch.epoch(table),
            "beat": lambda: self._watch.place(one, table, "beat"),
            "stall": stall,
            "gap": gap,
            "back_to_back": lambda: self._lines.truth(self._lines.bit(f"{follows} && !{self._watch.in_reset}")),
        }

    def _beat_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        found: dict[str, Callable[[], Number]] = {}
        for name, spec in {**one.fields, **one.returns}.items():
            if name in one.fields and spec.lanes == 1:
                found[field_column(name)] = partial(self._watch.field, spec)
            elif name in one.fields:
                for lane in range(spec.lanes):
                    found[f"{field_column(name)}{lane}"] = partial(self._watch.field, spec, lane)
        if one.last is not None:
            last = one.last
            found["last"] = lambda: self._lines.truth(self._watch.signal(last, 1))
            found["place"] = lambda: self._watch.place(one, table, "place")
        found["gap"] = lambda: self._watch.anything(table, "gap", -1, 21)
        found["since_reset"] = lambda: self._watch.counted(
            table,
            "since_reset",
            self._watch.counter(self._watch.fire(one), self._watch.cap, self._watch.in_reset),
            self._watch.cap,
        )
        found["cycle"] = lambda: self._watch.cycle(table)
        found["epoch"] = lambda: self._watch.epoch(table)
        return found

    def _packet_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        def length() -> Number:
            place = self._watch.place(one, table, "last_place")
            return self._lines.number(f"{place.wire} + 2'sd1", 1, place.high + 1)

        free = {
            "cycle": (0, 24),
            "epoch": (0, 20),
            "first_cycle": (0, 24),
            "gap_before": (-1, 21),
            "longest_gap": (0, 20),
        }
        found = {name: partial(self._watch.anything, table, name, low, width) for name, (low, width) in free.items()}
        return {**found, "length": length}

    def _reset_table(self) -> SignalTable | None:
        if self._design.reset is None:
            return None
        columns: dict[str, Callable[[], Number]] = {
            name: partial(self._watch.of_cycle_before, make) for name, make in self._cycle_columns().items()
        }
        columns |= {"cycle": lambda: self._watch.cycle("reset"), "epoch": lambda: self._watch.epoch("reset")}
        for one in self._design.streams:
            if one.packets:
                columns[f"{one.column}_beat"] = partial(self._watch.place, one, "reset", f"{one.column}_beat")
        if self._watch.exact:
            return self._exact_reset_table(columns)
        columns["width"] = lambda: self._watch.anything("reset", "width", 1, 20)
        return SignalTable("reset", self._watch.fresh, columns, self._watch.fresh, {})

    def _exact_reset_table(self, columns: dict[str, Callable[[], Number]]) -> SignalTable:
        """Return the table with its row behind the pulse, when its width is known."""
        watch = self._watch
        width = watch.counter(watch.in_reset, watch.cap, f"!{watch.in_reset}")
        kept: dict[str, Callable[[], Number]] = {
            name: partial(watch.kept_from, watch.fresh, make) for name, make in columns.items()
        }
        kept["width"] = lambda: self._lines.number(f"$signed({{1'b0, {width}}})", 0, watch.cap)
        row = self._lines.bit(f"started && {watch.was_in_reset} && !{watch.in_reset}")
        return SignalTable("reset", row, kept, watch.fresh, {})
