"""Event tables as logic over the signals of a trace: in which cycles each has a row, and the values of its columns.

They mean the same as `dv_agent.designs.cycle_tables` and `dv_agent.designs.defaults.tables_from_trace`. A count
without a bound (cycles of stall, of idle, since a transfer) is exact up to `CAP`; beyond, it may be any larger number. A
column that no signal gives may be anything. Both allow more than a test does, so what is then unreachable is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dv_agent.coverage.predicates.verilog_numbers import Lines, NotOverSignalsError, Number, signed_width
from dv_agent.designs.defaults.tables_from_trace import field_column
from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream

CAP = 15
_PLACES = 255
_WIDEST = 62


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bits of the input ``unknown``: the column of a table, less `low`.

    Attributes:
        first, width: the bits.
    """

    table: str
    column: str
    first: int
    width: int
    low: int


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

    Attributes:
        signals: signal of the trace -> the input of the monitor, in order.
        unknown: what no signal gives.
    """

    def __init__(self, design: Design, lines: Lines, *, plain: bool) -> None:
        self._design, self._lines, self._plain = design, lines, plain
        self.signals: dict[str, tuple[str, int]] = {}
        self.unknown: list[Unknown] = []
        self._tables: dict[str, SignalTable | None] = {}
        self._begin()

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
            return SignalTable(name, "started", self._cycle_columns(), self._fresh, {})
        if name == "reset":
            return self._reset_table()
        for stream in self._design.streams:
            if name == f"transfer_{stream.column}" and not stream.rides:
                return self._joined(name, self._fire(stream), self._transfer_columns(stream, name))
            if self._plain and name == f"beat_{stream.column}":
                return self._joined(name, self._fire(stream), self._beat_columns(stream, name))
            if self._plain and name == f"packet_{stream.column}" and stream.last is not None:
                row = self._lines.bit(f"{self._fire(stream)} && {self._signal(stream.last, 1)}")
                return self._joined(name, row, self._packet_columns(stream, name))
        return None

    def _joined(self, name: str, row: str, own: dict[str, Callable[[], Number]]) -> SignalTable:
        return SignalTable(name, row, {**self._cycle_columns(), **own}, self._fresh, {})

    # --- Signals --------------------------------------------------------------------------------

    def _signal(self, name: str, width: int) -> str:
        if name not in self.signals:
            self.signals[name] = (f"i{len(self.signals)}", width)
        return self.signals[name][0]

    def _begin(self) -> None:
        lines, reset = self._lines, self._design.reset
        if reset is None:
            self._in_reset = "1'b0"
        else:
            signal = self._signal(reset.signal, 1)
            self._in_reset = lines.bit(f"started && {'' if reset.active == 'high' else '!'}{signal}")
        self._was_in_reset = self._before(self._in_reset, "1'b0")
        self._was_started = self._before("started", "1'b0")
        # The first cycle of a new epoch.
        self._fresh = lines.bit(f"{self._in_reset} && !{self._was_in_reset}")

    def _before(self, bit: str, first: str) -> str:
        """Return a register that holds the bit of the cycle before."""
        name = f"r{len(self._lines.text)}"
        self._lines.text += [f"  reg {name} = {first};", f"  always @(posedge clock) {name} <= {bit};"]
        return name

    def _counter(self, count: str, most: int, clear: str = "1'b0") -> str:
        """Return a register that counts the cycles with `count` up to `most`, and becomes 0 with `clear`."""
        width = most.bit_length()
        name = f"r{len(self._lines.text)}"
        more = f"{count} && {name} != {width}'d{most} ? {name} + {width}'d1 : {name}"
        self._lines.text += [
            f"  reg [{width - 1}:0] {name} = {width}'d0;",
            f"  always @(posedge clock) {name} <= {clear} ? {width}'d0 : {more};",
        ]
        return name

    def _field(self, spec: FieldSpec, lane: int = 0, *, packed: bool = False) -> Number:
        """Return a field, or one lane of it; `packed`: all lanes as one unsigned number."""
        signal = self._signal(spec.signal, spec.bits)
        width = spec.bits if packed else spec.width
        if width > _WIDEST:
            raise NotOverSignalsError(f"reads {spec.signal}, which is wider than {_WIDEST} bits")
        part = signal if width == spec.bits else f"{signal}[{lane * width + width - 1}:{lane * width}]"
        if spec.signed and not packed:
            return self._lines.number(f"$signed({part})", spec.low, spec.high)
        return self._lines.number(f"$signed({{1'b0, {part}}})", 0, (1 << width) - 1)

    def _anything(self, table: str, column: str, low: int, width: int) -> Number:
        first = sum(one.width for one in self.unknown)
        self.unknown.append(Unknown(table, column, first, width, low))
        value = f"$signed({{1'b0, unknown[{first + width - 1}:{first}]}})"
        wide = self._lines.number(value, 0, (1 << width) - 1)
        base = self._lines.constant(low)
        return self._lines.number(f"{wide.wire} + {base.wire}", low, low + (1 << width) - 1)

    def _counted(self, table: str, column: str, register: str, most: int) -> Number:
        """Return the value of a counter that stops at `most`: from there on any value of at least that."""
        width = most.bit_length()
        beyond = self._anything(table, column, most, 20)
        text = f"({register} == {width}'d{most}) ? {beyond.wire} : $signed({{1'b0, {register}}})"
        return self._lines.number(text, 0, beyond.high)

    # --- Columns --------------------------------------------------------------------------------

    def _cycle_columns(self) -> dict[str, Callable[[], Number]]:
        found: dict[str, Callable[[], Number]] = {
            "in_reset": lambda: self._lines.truth(self._in_reset),
            "cycle": lambda: self._anything("cycle", "cycle", 0, 24),
            "epoch": lambda: self._anything("cycle", "epoch", 0, 20),
        }
        for port in self._design.ports.values():
            for name, spec in port.levels().items():
                found[name] = partial(self._field, spec, packed=spec.lanes > 1)
        for name, probe in self._design.probes.items():
            found[name] = partial(self._probe, name, probe.width)
        for stream in self._design.streams:
            found |= dict(self._handshake(stream))
        return found

    def _probe(self, name: str, width: int) -> Number:
        return self._lines.number(f"$signed({{1'b0, {self._signal(name, width)}}})", 0, (1 << width) - 1)

    def _handshake(self, one: Stream) -> Iterator[tuple[str, Callable[[], Number]]]:
        lines, name = self._lines, one.column
        if one.ready is None:
            yield f"{name}_strobe", lambda: lines.truth(self._valid(one))
            return
        yield f"{name}_valid", lambda: lines.truth(self._valid(one))
        yield f"{name}_ready", lambda: lines.truth(self._ready(one))
        yield f"{name}_transfer", lambda: lines.truth(self._fire(one))
        yield f"{name}_stall", lambda: self._run(f"{name}_stall", self._waiting(one))
        yield f"{name}_idle", lambda: self._run(f"{name}_idle", lines.bit(f"started && !{self._valid(one)}"))

    def _valid(self, one: Stream) -> str:
        return self._lines.bit(f"started && {self._signal(one.valid, 1)} && !{self._in_reset}")

    def _ready(self, one: Stream) -> str:
        if one.ready is None:
            return "started"
        return self._lines.bit(f"started && {self._signal(one.ready, 1)} && !{self._in_reset}")

    def _fire(self, one: Stream) -> str:
        return self._lines.bit(f"{self._valid(one)} && {self._ready(one)}")

    def _waiting(self, one: Stream) -> str:
        return self._lines.bit(f"{self._valid(one)} && !{self._ready(one)}")

    def _run(self, column: str, active: str) -> Number:
        """Return for how many cycles, this one included, `active` has been high; 0 where it is low."""
        before = self._counter(active, CAP, f"!{active}")
        beyond = self._anything("cycle", column, CAP + 1, 20)
        width = CAP.bit_length()
        value = f"({before} == {width}'d{CAP}) ? {beyond.wire} : $signed({{1'b0, {before}}}) + 2'sd1"
        return self._lines.number(f"{active} ? ({value}) : 1'sb0", 0, beyond.high)

    def _transfer_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        fire = self._fire(one)

        def stall() -> Number:
            if one.ready is None:
                return self._lines.constant(0)
            waiting = self._waiting(one)
            return self._counted(table, "stall", self._counter(waiting, CAP, f"!{waiting}"), CAP)

        def gap() -> Number:
            register = self._counter("started", CAP, f"({self._in_reset} || {fire})")
            since, waited = self._counted(table, "since", register, CAP), stall()
            return self._lines.number(f"{since.wire} - {waited.wire}", since.low - waited.high, since.high)

        follows = self._before(fire, "1'b0")
        return {
            "cycle": lambda: self._anything(table, "cycle", 0, 24),
            "epoch": lambda: self._anything(table, "epoch", 0, 20),
            "beat": lambda: self._place(one, table, "beat"),
            "stall": stall,
            "gap": gap,
            "back_to_back": lambda: self._lines.truth(self._lines.bit(f"{follows} && !{self._in_reset}")),
        }

    def _place(self, one: Stream, table: str, column: str) -> Number:
        """Return the number of a beat in its packet: with the present beat not counted."""
        if one.last is None:
            return self._lines.constant(0)
        fire, last = self._fire(one), self._signal(one.last, 1)
        register = self._counter(fire, _PLACES, f"({self._in_reset} || ({fire} && {last}))")
        return self._counted(table, column, register, _PLACES)

    def _beat_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        found: dict[str, Callable[[], Number]] = {}
        for name, spec in {**one.fields, **one.returns}.items():
            if name in one.fields and spec.lanes == 1:
                found[field_column(name)] = partial(self._field, spec)
            elif name in one.fields:
                for lane in range(spec.lanes):
                    found[f"{field_column(name)}{lane}"] = partial(self._field, spec, lane)
        if one.last is not None:
            last = one.last
            found["last"] = lambda: self._lines.truth(self._signal(last, 1))
            found["place"] = lambda: self._place(one, table, "place")
        found["gap"] = lambda: self._anything(table, "gap", -1, 21)
        found["since_reset"] = lambda: self._counted(
            table, "since_reset", self._counter(self._fire(one), CAP, self._in_reset), CAP
        )
        found["cycle"] = lambda: self._anything(table, "cycle", 0, 24)
        found["epoch"] = lambda: self._anything(table, "epoch", 0, 20)
        return found

    def _packet_columns(self, one: Stream, table: str) -> dict[str, Callable[[], Number]]:
        def length() -> Number:
            place = self._place(one, table, "last_place")
            return self._lines.number(f"{place.wire} + 2'sd1", 1, place.high + 1)

        free = {
            "cycle": (0, 24),
            "epoch": (0, 20),
            "first_cycle": (0, 24),
            "gap_before": (-1, 21),
            "longest_gap": (0, 20),
        }
        found = {name: partial(self._anything, table, name, low, width) for name, (low, width) in free.items()}
        return {**found, "length": length}

    def _reset_table(self) -> SignalTable | None:
        if self._design.reset is None:
            return None
        columns: dict[str, Callable[[], Number]] = {
            name: partial(self._of_cycle_before, make) for name, make in self._cycle_columns().items()
        }
        columns |= {
            "cycle": lambda: self._anything("reset", "cycle", 0, 24),
            "epoch": lambda: self._anything("reset", "epoch", 0, 20),
            "width": lambda: self._anything("reset", "width", 1, 20),
        }
        for one in self._design.streams:
            if one.packets:
                columns[f"{one.column}_beat"] = partial(self._place, one, "reset", f"{one.column}_beat")
        return SignalTable("reset", self._fresh, columns, self._fresh, {})

    def _of_cycle_before(self, make: Callable[[], Number]) -> Number:
        """Return a number as it was in the cycle before; in the very first cycle as it is."""
        value = make()
        name = f"r{len(self._lines.text)}"
        width = signed_width(value.low, value.high)
        self._lines.text += [
            f"  reg signed [{width - 1}:0] {name};",
            f"  always @(posedge clock) {name} <= {value.wire};",
        ]
        return self._lines.number(f"{self._was_started} ? {name} : {value.wire}", value.low, value.high)
