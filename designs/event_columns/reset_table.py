"""The event table ``reset``: what each pulse interrupted, what it dropped, and what left before and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import JoinedColumns, LazyColumns, Table
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

VISITED_BITS = 5
"""Levels of up to so many bits have a column ``visited_<level>``."""


def reset_table(design: Design, trace: Trace, facts: Mapping[str, IntColumn]) -> Table:
    """Return one row for each reset pulse after the initial one. Args: facts: the columns of ``cycle``."""
    begins = np.zeros(trace.cycles, dtype=bool)
    if trace.cycles:
        begins[1:] = trace.in_reset[1:] & ~trace.in_reset[:-1]
        begins[0] = trace.in_reset[0]
    at = np.flatnonzero(begins)
    epoch = trace.epoch[at] if trace.cycles else at
    made = dict(_of_streams(design, trace, epoch)) | dict(_of_levels(design, trace, facts, at))
    if "width" not in facts:
        made = {"width": partial(_widths, trace.in_reset, at), **made}
    return Table(JoinedColumns(LazyColumns({"cycle": at, "epoch": epoch}, made), facts, np.maximum(at - 1, 0)))


def _of_streams(design: Design, trace: Trace, epoch: IntColumn) -> Iterator[tuple[str, Callable[[], IntColumn]]]:
    for stream in design.streams:
        if stream.key not in trace.accepted:
            continue
        seen, name = trace.accepted[stream.key], stream.column
        if stream.packets:
            yield f"{name}_beat", partial(_cut_beats, seen, epoch)
        if not stream.driven:
            yield f"{name}_after", partial(_transfers_of, seen, epoch)
        yield f"{name}_before", partial(_transfers_of, seen, epoch - 1)
        if stream.last is not None:
            yield f"{name}_ended", partial(_packets_of, seen, epoch - 1)


def _of_levels(
    design: Design, trace: Trace, facts: Mapping[str, IntColumn], at: IntColumn
) -> Iterator[tuple[str, Callable[[], IntColumn]]]:
    widths = {name: spec.bits for port in design.ports.values() for name, spec in port.observed().items()}
    widths |= {name: probe.width for name, probe in design.probes.items()}
    for name, width in widths.items():
        if name in facts:
            yield f"dropped_{name}", partial(_taken, facts, name, at)
            if width <= VISITED_BITS:
                yield f"visited_{name}", partial(_visited, trace, facts, name, at, (1 << width) - 1)


def _taken(facts: Mapping[str, IntColumn], name: str, at: IntColumn) -> IntColumn:
    return facts[name][at]


def _visited(trace: Trace, facts: Mapping[str, IntColumn], name: str, at: IntColumn, mask: int) -> IntColumn:
    """Return the values that a level takes behind each pulse, up to the next one: bit v for the value v."""
    bits = np.where(trace.in_reset, 0, np.left_shift(1, facts[name] & mask))
    return np.bitwise_or.reduceat(bits, at) if len(at) else at


def _widths(in_reset: BoolColumn, starts: IntColumn) -> IntColumn:
    ends = np.append(np.flatnonzero(~in_reset), len(in_reset))
    return ends[np.searchsorted(ends, starts)] - starts


def _transfers_of(transfers: Transfers, epochs: IntColumn) -> IntColumn:
    """Return how many transfers there are in each of `epochs`."""
    begin, end = (np.searchsorted(transfers.epoch, epochs, side) for side in ("left", "right"))
    return np.asarray(end - begin, dtype=np.int64)


def _packets_of(transfers: Transfers, epochs: IntColumn) -> IntColumn:
    """Return how many packets end in each of `epochs`."""
    ends = transfers.epoch[transfers.columns["last"] == 1]
    begin, end = (np.searchsorted(ends, epochs, side) for side in ("left", "right"))
    return np.asarray(end - begin, dtype=np.int64)


def _cut_beats(transfers: Transfers, epochs: IntColumn) -> IntColumn:
    """Return the beats of an unfinished packet at the end of the epoch before each of `epochs`."""
    result = np.zeros(len(epochs), dtype=np.int64)
    last = transfers.columns.get("last")
    if last is None:
        return result
    for row, epoch in enumerate(epochs):
        ends = last[transfers.epoch == epoch - 1]
        closed = np.flatnonzero(ends)
        result[row] = len(ends) - (closed[-1] + 1 if len(closed) else 0)
    return result
