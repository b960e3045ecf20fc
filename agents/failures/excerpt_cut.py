"""Creation of an `Excerpt` from a trace and a failed check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dv_agent.agents.failures.excerpt import MAX_CYCLES, Excerpt, Role, WaveSignal
from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure

WIDTH = 40
_BEFORE = 3, 4
"""Share of the window placed before the failing cycle: causes are more useful than consequences."""
_WORD = 32


def make_excerpt(design: Design, trace: Trace, failure: CheckFailure, width: int = WIDTH) -> Excerpt | None:
    """Return `width` cycles of `trace` around the cycle of `failure`; its last cycles if the failure has no cycle.

    Returns:
        None if the trace contains no signals.
    """
    middle = trace.cycles - 1 if failure.cycle is None else failure.cycle
    start = _start(middle, min(width, trace.cycles, MAX_CYCLES), trace.cycles)
    return excerpt_at(design, trace, start, failure, width)


def excerpt_at(
    design: Design, trace: Trace, start: int, failure: CheckFailure | None = None, width: int = WIDTH
) -> Excerpt | None:
    """Return `width` cycles of `trace` from cycle `start`, clipped to the trace; `failure` is marked if it is inside.

    Returns:
        None if the trace contains no signals.
    """
    if not trace.signals or not trace.cycles:
        return None
    size = min(width, trace.cycles, MAX_CYCLES)
    start = min(max(start, 0), trace.cycles - size)
    window = slice(start, start + size)
    ports = _rows(design)
    inside = failure is not None and failure.cycle is not None and start <= failure.cycle < start + size
    return Excerpt(
        design=design.name,
        start=start,
        cycles=size,
        failing_cycle=failure.cycle if failure and inside else None,
        failing_port=failure.port if failure else "",
        failing_field=failure.field if failure else "",
        ports={name: rows.kind for name, rows in ports.items()},
        signals=(*_edges(design, trace, window), *_reset(design, trace, window), *_signals(trace, window, ports)),
        transfers={
            name: tuple(cycle for cycle in taken.cycle.tolist() if start <= cycle < start + size)
            for name, taken in trace.accepted.items()
            if name in ports
        },
    )


def _start(middle: int, size: int, cycles: int) -> int:
    """Return the first cycle of the window; 0 if the window then still contains `middle`, to show all stimulus."""
    if middle <= size - 2:
        return 0
    return min(middle - size * _BEFORE[0] // _BEFORE[1], cycles - size)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Signals drawn together: one stream of a port, or a port that has a value in every cycle."""

    kind: str
    stream: Stream | None
    fields: Mapping[str, FieldSpec]


def _rows(design: Design) -> dict[str, _Rows]:
    """Return name in traces -> rows, one entry for each stream of a port; ports without handshake come last."""
    rows = {one.key: _Rows(design.ports[one.port].kind, one, {**one.fields, **one.returns}) for one in design.streams}
    for name, port in design.ports.items():
        if levels := port.levels():
            fields = {**rows[name].fields, **levels} if name in rows else levels
            rows[name] = _Rows(port.kind, rows[name].stream if name in rows else None, fields)
    return rows


def _edges(design: Design, trace: Trace, window: slice) -> Iterator[WaveSignal]:
    """Yield which of several clocks rise in each cycle."""
    for name, ticks in trace.edges.items():
        values = tuple(int(one) for one in ticks[window])
        signal = design.all_clocks[name].signal
        yield WaveSignal(port="", name=f"{name} rises", signal=signal, kind="bit", role="data", values=values)


def _reset(design: Design, trace: Trace, window: slice) -> Iterator[WaveSignal]:
    active = trace.in_reset[window]
    if design.reset and active.any():
        name = design.reset.signal
        values = tuple(int(one) for one in (active if design.reset.active == "high" else ~active))
        yield WaveSignal(port="", name=name, signal=name, kind="bit", role="reset", values=values)


def _signals(trace: Trace, window: slice, ports: Mapping[str, _Rows]) -> Iterator[WaveSignal]:
    for name, rows in ports.items():
        for role, signal in _controls(rows.stream) if rows.stream else ():
            if signal in trace.signals:
                yield _control(trace, window, name, role, signal)
        for field, spec in rows.fields.items():
            if spec.signal in trace.signals:
                yield from _field(trace, window, name, field, spec)


def _controls(stream: Stream) -> Iterator[tuple[Role, str]]:
    yield stream.offer, stream.valid
    if stream.ready is not None:
        yield "ready", stream.ready
    if stream.last is not None:
        yield "last", stream.last


def _control(trace: Trace, window: slice, port: str, role: Role, signal: str) -> WaveSignal:
    values = tuple(int(one) for one in trace.signals[signal][window])
    unknown = _flags(trace.unknown.get(signal), window)
    return WaveSignal(port=port, name=role, signal=signal, kind="bit", role=role, values=values, unknown=unknown)


def _field(trace: Trace, window: slice, port: str, name: str, spec: FieldSpec) -> Iterator[WaveSignal]:
    words = _numbers(trace.signals[spec.signal][window])
    unknown = _flags(trace.unknown.get(spec.signal), window)
    for lane in range(spec.lanes):
        yield WaveSignal(
            port=port,
            name=name if spec.lanes == 1 else f"{name}[{lane}]",
            signal=spec.signal,
            kind="bit" if spec.width == 1 else "bus",
            role="data",
            values=tuple(_lane(word, spec, lane) for word in words),
            unknown=unknown,
        )


def _numbers(column: IntColumn) -> list[int]:
    """Return one Python integer for each row; wide signals are stored as words, least significant first."""
    if column.ndim == 1:
        return [int(value) for value in column]
    return [sum((int(word) & 0xFFFFFFFF) << (_WORD * place) for place, word in enumerate(row)) for row in column]


def _lane(word: int, spec: FieldSpec, lane: int) -> int:
    value = (word >> (lane * spec.width)) & ((1 << spec.width) - 1)
    return value - (1 << spec.width) if spec.signed and value > spec.high else value


def _flags(mask: BoolColumn | None, window: slice) -> tuple[bool, ...]:
    if mask is None or not np.any(mask[window]):
        return ()
    return tuple(bool(one) for one in mask[window])
