"""The pins in some cycles around the sample that came nearest to a hole, as lines of a table."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.designs.trace import Trace

MOST_COLUMNS = 16


def window_lines(design: Design, trace: Trace, cycle: int, cycles: int, payload: bool = False) -> tuple[str, ...]:
    """Return handshakes and observed fields in `cycles` cycles around `cycle`, one line each, the head first.

    Args:
        payload: whether what the ports carry is shown too.
    """
    first = max(0, min(cycle - cycles * 3 // 4, trace.cycles - cycles))
    shown = range(first, min(first + cycles, trace.cycles))
    names = [name for name in _signals(design, payload) if name in trace.signals][:MOST_COLUMNS]
    columns = [["cycle", *(f"{'*' if at == cycle else ''}{at}" for at in shown)]]
    columns += [[name, *(_value(trace, name, at) for at in shown)] for name in names]
    wide = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return tuple(" ".join(cell.rjust(width) for cell, width in zip(row, wide, strict=True)) for row in rows)


def _signals(design: Design, payload: bool) -> list[str]:
    pins = [pin for one in design.streams for pin in (one.valid, one.ready) if pin]
    levels = [spec.signal for port in design.ports.values() for spec in port.levels().values()]
    carried = [spec.signal for port in design.ports.values() for spec in getattr(port, "fields", {}).values()]
    return list(dict.fromkeys([*pins, *levels, *(carried if payload else ())]))


def _value(trace: Trace, name: str, cycle: int) -> str:
    if trace.in_reset[cycle]:
        return "r"
    if name in trace.unknown and trace.unknown[name][cycle]:
        return "x"
    value = trace.signals[name][cycle]
    return "..." if value.ndim else str(int(value))
