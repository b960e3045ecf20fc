"""A stretch of the waveform of a test as a table."""

from __future__ import annotations

from collections.abc import Mapping

from dv_agent.agents.tool_args import ShowWaveform
from dv_agent.agents.tool_text import ToolError, data, unknown
from dv_agent.designs.design import Design, FieldSpec, ObservePort, ResponderPort, StrobePort
from dv_agent.designs.trace import Trace

DECIMAL_BITS = 8
_MARGIN = 400
_WORD_DIGITS = 8


def show_waveform(design: Design, trace: Trace, asked: ShowWaveform, room: int) -> str:
    """Signals over cycles, as the monitors saw them just before each rising edge.

    Raises:
        ToolError: no such signals or cycles.
    """
    names = list(dict.fromkeys(asked.signals)) or list(trace.signals)
    for name in names:
        if name not in trace.signals:
            raise unknown(
                "pin", name, trace.signals, "Inner signals are not recorded; trace_signal says what drives a pin."
            )
    if asked.first_cycle >= trace.cycles:
        raise ToolError(f"first_cycle: test {asked.test} has cycles 0 to {trace.cycles - 1}")
    cycles = range(asked.first_cycle, min(asked.first_cycle + asked.cycles, trace.cycles))
    bits = signal_bits(design)
    columns = [("cycle", [str(cycle) for cycle in cycles])]
    if trace.in_reset[cycles.start : cycles.stop].any():
        columns.append(("in_reset", [str(int(trace.in_reset[cycle])) for cycle in cycles]))
    columns += [(name, [_value(trace, name, cycle, bits.get(name, 1)) for cycle in cycles]) for name in names]
    label = f"test {asked.test}, cycles {cycles.start} to {cycles.stop - 1} of {trace.cycles} ({trace.end.value})"
    return data(label, _table(columns), room - _MARGIN)


def signal_bits(design: Design) -> Mapping[str, int]:
    """Width of every payload signal; what is missing is one bit wide."""
    fields: list[FieldSpec] = []
    for port in design.ports.values():
        if isinstance(port, ResponderPort):
            fields += [*port.request.fields.values(), *port.response.fields.values()]
        elif isinstance(port, ObservePort | StrobePort):
            fields += port.fields.values()
        else:
            fields += port.fields.values()
    return {one.signal: one.bits for one in fields}


def _value(trace: Trace, name: str, cycle: int, bits: int) -> str:
    if name in trace.unknown and trace.unknown[name][cycle]:
        return "x"
    value = trace.signals[name][cycle]
    if value.ndim:
        return "0x" + "".join(f"{int(word):0{_WORD_DIGITS}x}" for word in reversed(value))
    return str(int(value)) if bits <= DECIMAL_BITS else f"0x{int(value):0{(bits + 3) // 4}x}"


def _table(columns: list[tuple[str, list[str]]]) -> str:
    wide = [max(len(name), *(len(cell) for cell in cells)) for name, cells in columns]
    rows = zip(*(cells for _, cells in columns), strict=True)
    head = "  ".join(name.rjust(width) for (name, _), width in zip(columns, wide, strict=True))
    body = ("  ".join(cell.rjust(width) for cell, width in zip(row, wide, strict=True)) for row in rows)
    return "\n".join((head, *body))
