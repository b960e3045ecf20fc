"""The tool `show_waveform`: some cycles of the waveform of a test, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dv_agent.agents.toolbox.arguments import ShowWaveform
from dv_agent.agents.toolbox.inner_signals import MAX_CYCLES, InnerSignals
from dv_agent.agents.toolbox.inspection.expectations import Expectations
from dv_agent.agents.toolbox.text import ToolError, fenced_data, unknown_name
from dv_agent.designs.design import Design
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.trace import End, Trace

DECIMAL_BITS = 8
_MARGIN = 400
_WORD_DIGITS = 8
# The test results say whether a stalled test had no input or hung; the trace alone does not show it.
_ENDS = {End.DEADLOCK: "nothing moved any more", End.LIMIT: "cut at its limit", End.BUDGET: "cut by the budget"}


class Waves(Protocol):
    """Source of waveforms: simulates tests of the run again."""

    def trace(self, test: Test) -> Trace:
        """Return the trace that the monitors record."""
        ...

    def expectations(self, test: Test) -> Expectations:
        """Return what was due in a test, and what failed."""
        ...

    def inner(self, test: Test, wanted: Sequence[str], cycles: int) -> InnerSignals:
        """Return inner signals in the first cycles."""
        ...


def show_waveform(design: Design, waves: Waves, test: Test, asked: ShowWaveform, room: int) -> str:
    """Return signals over cycles, sampled just before each rising edge: pins from the monitors, inner signals from the
    simulator.

    Raises:
        ToolError: the signals or cycles do not exist.
        DvAgentError: inner signals are not available.
    """
    trace = waves.trace(test)
    if asked.first_cycle >= trace.cycles:
        raise ToolError(f"first_cycle: test {asked.test} has cycles 0 to {trace.cycles - 1}")
    cycles = range(asked.first_cycle, min(asked.first_cycle + asked.cycles, trace.cycles))
    names = [name.removeprefix(f"{design.top}.") for name in asked.signals] or list(trace.signals)
    hidden = [name for name in names if name not in trace.signals]
    columns = _inner_columns(hidden, waves, test, cycles) if hidden else {}
    bits, signed = signal_bits(design), signed_pins(design)
    for name in names:
        if name in trace.signals:
            columns[name] = [_value(trace, name, cycle, bits.get(name, 1), signed.get(name, 0)) for cycle in cycles]
    table = [("cycle", [str(cycle) for cycle in cycles])]
    for clock, ticks in trace.edges.items():
        table.append((f"{clock} rises", [str(int(ticks[cycle])) for cycle in cycles]))
    if trace.in_reset[cycles.start : cycles.stop].any():
        table.append(("in_reset", [str(int(trace.in_reset[cycle])) for cycle in cycles]))
    table += [(name, columns[name]) for name in dict.fromkeys(names)]
    end = _ENDS.get(trace.end, trace.end.value)
    label = f"test {asked.test}, cycles {cycles.start} to {cycles.stop - 1} of {trace.cycles} ({end})"
    return fenced_data(label, _table(table), room - _MARGIN)


def _inner_columns(names: Sequence[str], waves: Waves, test: Test, cycles: range) -> dict[str, list[str]]:
    """Return the values of signals that are not pins."""
    if cycles.stop > MAX_CYCLES:
        raise ToolError(f"inner signals can be shown in cycles 0 to {MAX_CYCLES - 1}; pins in all")
    found = waves.inner(test, names, cycles.stop)
    for name in names:
        if name not in found.values:
            raise unknown_name(
                "signal", name, found.widths, "Write inner signals with their instance path, such as fifo.count."
            )
        if len(found.values[name]) < cycles.stop:
            raise ToolError(f"{name} has no value in cycle {cycles.stop - 1}: the simulation ended before it")
    return {name: [_binary(found.values[name][cycle]) for cycle in cycles] for name in names}


def _binary(value: str) -> str:
    if set(value) - {"0", "1"}:
        return "x"
    number = int(value, 2)
    return str(number) if len(value) <= DECIMAL_BITS else f"0x{number:0{(len(value) + 3) // 4}x}"


def signal_bits(design: Design) -> Mapping[str, int]:
    """Return the width of every payload signal in bits; a signal that is missing has one bit."""
    fields = [field for stream in design.streams for field in stream.fields.values()]
    fields += [field for port in design.ports.values() for field in port.levels().values()]
    return {one.signal: one.bits for one in fields}


def signed_pins(design: Design) -> Mapping[str, int]:
    """Return the width in bits of the pins that are one signed number."""
    fields = [field for stream in design.streams for field in stream.fields.values()]
    fields += [field for port in design.ports.values() for field in port.levels().values()]
    return {one.signal: one.bits for one in fields if one.signed and one.lanes == 1}


def _value(trace: Trace, name: str, cycle: int, bits: int, signed: int = 0) -> str:
    if name in trace.unknown and trace.unknown[name][cycle]:
        return "x"
    value = trace.signals[name][cycle]
    if value.ndim:
        return "0x" + "".join(f"{int(word):0{_WORD_DIGITS}x}" for word in reversed(value))
    if signed:
        return str(int(value) - (1 << signed) if int(value) >> (signed - 1) else int(value))
    return str(int(value)) if bits <= DECIMAL_BITS else f"0x{int(value):0{(bits + 3) // 4}x}"


def _table(columns: list[tuple[str, list[str]]]) -> str:
    wide = [max(len(name), *(len(cell) for cell in cells)) for name, cells in columns]
    rows = zip(*(cells for _, cells in columns), strict=True)
    head = "  ".join(name.rjust(width) for (name, _), width in zip(columns, wide, strict=True))
    body = ("  ".join(cell.rjust(width) for cell, width in zip(row, wide, strict=True)) for row in rows)
    return "\n".join((head, *body))
