"""The pins in some cycles around the sample that came nearest to a hole, as lines of a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.columns import find_columns
from dv_agent.coverage.structure import Bin
from dv_agent.designs.design import Design
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import Trace

MOST_COLUMNS, MOST_MEMBERS, MOST_ROWS = 16, 6, 3


def window_lines(
    design: Design, trace: Trace, cycle: int, cycles: int, payload: bool = False,
    more: Mapping[str, Mapping[int, str]] = MappingProxyType({}),
) -> tuple[str, ...]:  # fmt: skip
    """Return handshakes and observed fields in `cycles` cycles around `cycle`, one line each, the head first.

    Args:
        payload: whether what the ports carry is shown too.
        more: columns beside the pins, by name: cycle -> what is there.
    """
    first = max(0, min(cycle - cycles * 3 // 4, trace.cycles - cycles))
    shown = range(first, min(first + cycles, trace.cycles))
    names = [name for name in _signals(design, payload) if name in trace.signals][:MOST_COLUMNS]
    columns = [["cycle", *(f"{'*' if at == cycle else ''}{at}" for at in shown)]]
    columns += [[name, *(_value(trace, name, at) for at in shown)] for name in names]
    columns += [[name, *(told.get(at, ".") for at in shown)] for name, told in more.items()]
    wide = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return tuple(" ".join(cell.rjust(width) for cell, width in zip(row, wide, strict=True)) for row in rows)


def sampled_values(plan: Plan, bin_: Bin, tables: Mapping[str, Table]) -> dict[str, dict[int, str]]:
    """Return what a bin samples, of a cross each member: name -> cycle -> the values of its rows in that cycle."""
    group = plan.covergroup_of(bin_)
    table = tables.get(group.on)
    if table is None or "cycle" not in table.columns:
        return {}
    crossed = next((cross.of for cross in group.crosses if cross.name == bin_.item), (bin_.item,))
    names = {one.name: one.of for one in group.coverpoints if one.name in crossed[:MOST_MEMBERS]}
    found: dict[str, dict[int, str]] = {}
    for name, of in names.items():
        columns = find_columns(table, of.names())
        if columns is None:
            continue
        rows = zip(table.columns["cycle"].tolist(), of.evaluate_columns(columns).tolist(), strict=True)
        told: dict[int, list[int]] = {}
        for cycle, value in rows:
            told.setdefault(cycle, []).append(value)
        found[name] = {cycle: "/".join(map(str, values[:MOST_ROWS])) for cycle, values in told.items()}
    return found


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
