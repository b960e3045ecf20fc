"""Signals of a trace, registers and counters of a monitor: what the columns of event tables are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dv_agent.coverage.predicates.verilog_numbers import Lines, NotOverSignalsError, Number, signed_width
from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream

CAP, EXACT_CAP = 15, 1023
"""Up to here counts without a bound are exact, for proofs and where a test is searched."""
MOST_PLACES = 255
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


class WatchedSignals:
    """The inputs of a monitor, and the registers that it keeps.

    Args:
        lines: where its text goes.
        exact: whether what no signal gives is counted where it can be, instead of being anything.

    Attributes:
        cap: up to here counts without a bound are exact.
        signals: signal of the trace -> (input of the monitor, bits), in order.
        unknown: what no signal gives.
        in_reset: whether the design is in reset.
        was_in_reset: the same in the cycle before.
        fresh: whether a reset begins: the first cycle of a new epoch.
    """

    def __init__(self, design: Design, lines: Lines, *, exact: bool = False) -> None:
        self.lines = lines
        self.exact, self.cap = exact, EXACT_CAP if exact else CAP
        self.signals: dict[str, tuple[str, int]] = {}
        self.unknown: list[Unknown] = []
        self.in_reset = "1'b0"
        if design.reset is not None:
            signal = self.signal(design.reset.signal, 1)
            self.in_reset = lines.bit(f"started && {'' if design.reset.active == 'high' else '!'}{signal}")
        self.was_in_reset = self.before(self.in_reset, "1'b0")
        self._was_started = self.before("started", "1'b0")
        self.fresh = lines.bit(f"{self.in_reset} && !{self.was_in_reset}")

    def signal(self, name: str, width: int) -> str:
        """Return the input of the monitor that a signal of the trace is on."""
        if name not in self.signals:
            self.signals[name] = (f"i{len(self.signals)}", width)
        return self.signals[name][0]

    def before(self, bit: str, first: str) -> str:
        """Return a register that holds the bit of the cycle before."""
        name = f"r{len(self.lines.text)}"
        self.lines.text += [f"  reg {name} = {first};", f"  always @(posedge clock) {name} <= {bit};"]
        return name

    def counter(self, count: str, most: int, clear: str = "1'b0") -> str:
        """Return a register that counts the cycles with `count` up to `most`, and becomes 0 with `clear`."""
        width = most.bit_length()
        name = f"r{len(self.lines.text)}"
        more = f"{count} && {name} != {width}'d{most} ? {name} + {width}'d1 : {name}"
        self.lines.text += [
            f"  reg [{width - 1}:0] {name} = {width}'d0;",
            f"  always @(posedge clock) {name} <= {clear} ? {width}'d0 : {more};",
        ]
        return name

    def field(self, spec: FieldSpec, lane: int = 0, *, packed: bool = False) -> Number:
        """Return a field, or one lane of it; `packed`: all lanes as one unsigned number."""
        signal = self.signal(spec.signal, spec.bits)
        width = spec.bits if packed else spec.width
        if width > _WIDEST:
            raise NotOverSignalsError(f"reads {spec.signal}, which is wider than {_WIDEST} bits")
        part = signal if width == spec.bits else f"{signal}[{lane * width + width - 1}:{lane * width}]"
        if spec.signed and not packed:
            return self.lines.number(f"$signed({part})", spec.low, spec.high)
        return self.lines.number(f"$signed({{1'b0, {part}}})", 0, (1 << width) - 1)

    def anything(self, table: str, column: str, low: int, width: int) -> Number:
        """Return a number that may be anything from `low` on, of `width` bits: a column of a table."""
        first = sum(one.width for one in self.unknown)
        self.unknown.append(Unknown(table, column, first, width, low))
        value = f"$signed({{1'b0, unknown[{first + width - 1}:{first}]}})"
        wide = self.lines.number(value, 0, (1 << width) - 1)
        base = self.lines.constant(low)
        return self.lines.number(f"{wide.wire} + {base.wire}", low, low + (1 << width) - 1)

    def time(self, table: str, column: str, width: int, count: str, low: int = 0) -> Number:
        """Return a column that counts the cycles with `count` before this one, from `low` on; exact if asked for."""
        if not self.exact:
            return self.anything(table, column, low, width)
        register = self.counter(count, (1 << 12) - 1)
        return self.lines.number(
            f"$signed({{1'b0, {register}}}) + {self.lines.constant(low).wire}", low, low + (1 << 12) - 1
        )

    def cycle(self, table: str) -> Number:
        """Return the column ``cycle``."""
        return self.time(table, "cycle", 24, "started")

    def epoch(self, table: str) -> Number:
        """Return the column ``epoch``: the resets that have begun, this cycle included."""
        before = self.time(table, "epoch", 20, self.fresh)
        return (
            self.lines.number(f"{before.wire} + ({self.fresh} ? 2'sd1 : 2'sd0)", 0, before.high + 1)
            if self.exact
            else before
        )

    def counted(self, table: str, column: str, register: str, most: int) -> Number:
        """Return the value of a counter that stops at `most`: from there on any value of at least that."""
        width = most.bit_length()
        beyond = self.anything(table, column, most, 20)
        text = f"({register} == {width}'d{most}) ? {beyond.wire} : $signed({{1'b0, {register}}})"
        return self.lines.number(text, 0, beyond.high)

    def valid(self, one: Stream) -> str:
        """Return whether a stream offers something, out of reset."""
        return self.lines.bit(f"started && {self.signal(one.valid, 1)} && !{self.in_reset}")

    def ready(self, one: Stream) -> str:
        """Return whether a stream takes what is offered, out of reset."""
        if one.ready is None:
            return "started"
        return self.lines.bit(f"started && {self.signal(one.ready, 1)} && !{self.in_reset}")

    def fire(self, one: Stream) -> str:
        """Return whether a stream has a transfer."""
        return self.lines.bit(f"{self.valid(one)} && {self.ready(one)}")

    def waiting(self, one: Stream) -> str:
        """Return whether an offer is not taken."""
        return self.lines.bit(f"{self.valid(one)} && !{self.ready(one)}")

    def run(self, column: str, active: str) -> Number:
        """Return for how many cycles, this one included, `active` has been high; 0 where it is low."""
        before = self.counter(active, self.cap, f"!{active}")
        beyond = self.anything("cycle", column, self.cap + 1, 20)
        width = self.cap.bit_length()
        value = f"({before} == {width}'d{self.cap}) ? {beyond.wire} : $signed({{1'b0, {before}}}) + 2'sd1"
        return self.lines.number(f"{active} ? ({value}) : 1'sb0", 0, beyond.high)

    def place(self, one: Stream, table: str, column: str) -> Number:
        """Return the number of a beat in its packet: with the present beat not counted."""
        if one.last is None:
            return self.lines.constant(0)
        fire, last = self.fire(one), self.signal(one.last, 1)
        register = self.counter(fire, MOST_PLACES, f"({self.in_reset} || ({fire} && {last}))")
        return self.counted(table, column, register, MOST_PLACES)

    def of_cycle_before(self, make: Callable[[], Number]) -> Number:
        """Return a number as it was in the cycle before; in the very first cycle as it is."""
        value = make()
        name = f"r{len(self.lines.text)}"
        width = signed_width(value.low, value.high)
        self.lines.text += [
            f"  reg signed [{width - 1}:0] {name};",
            f"  always @(posedge clock) {name} <= {value.wire};",
        ]
        return self.lines.number(f"{self._was_started} ? {name} : {value.wire}", value.low, value.high)

    def kept_from(self, when: str, make: Callable[[], Number]) -> Number:
        """Return a number as it was in the last cycle with `when`."""
        value = make()
        name = f"r{len(self.lines.text)}"
        width = signed_width(value.low, value.high)
        self.lines.text += [
            f"  reg signed [{width - 1}:0] {name} = 0;",
            f"  always @(posedge clock) {name} <= {when} ? {value.wire} : {name};",
        ]
        return self.lines.number(name, value.low, value.high)
