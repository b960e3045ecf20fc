"""How two runs of one program differ at the pins: where first, and in what: values, order, time, handshake, debug."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import Trace, Transfers
from dv_agent.eval.mutants.data_model import Difference
from dv_agent.runners.build.wrappers.layout import Layout, driven_signals, layout_of
from dv_agent.runners.simulator import Run

ASPECTS = ("payload", "count", "order", "end", "latency", "handshake", "debug", "idle payload")
"""The weightiest first."""
_SHOWN = 6
Rows = NDArray[np.uint8]


def first_difference(design: Design, clean: Run, mutant: Run) -> Difference | None:
    """Return how `mutant` differs from `clean`; None if every pin has the same value in every cycle, X included."""
    layout = layout_of(design)
    one, two = _rows(clean, layout), _rows(mutant, layout)
    common = min(len(one), len(two))
    differs = one[:common] != two[:common]
    rows = np.flatnonzero(differs.any(axis=1))
    if not len(rows) and len(one) == len(two) and clean.trace.end == mutant.trace.end:
        return None
    cycle = int(rows[0]) if len(rows) else common
    signals = _signals(design, layout, differs[cycle]) if len(rows) else ()
    signal = signals[0] if signals else ""
    ends = [f"{run.trace.end} after {len(rows):,} cycles" for run, rows in ((mutant, two), (clean, one))]
    values = [_value(rows, cycle, layout, signal) for rows in (two, one)] if signal else []
    words = f"the test ends {', not '.join(ends)}"
    if signal:
        words = f"{signal} is {values[0]} in cycle {cycle}, not {values[1]}"
    aspects = tuple(sorted(set(_aspects(design, clean.trace, mutant.trace, common)), key=ASPECTS.index))
    number, stream, moved = _transfer(design, clean.trace, mutant.trace)
    return Difference(
        cycle=cycle, signals=signals[:_SHOWN], port=_ports(design).get(signal, ""), aspects=aspects,
        stream=stream, transfer=number, message="; ".join(part for part in (words, moved) if part),
    )  # fmt: skip


def hint(design: Design, difference: Difference) -> str:
    """Return which check could notice a difference that none fails on, in words."""
    signal = difference.signals[0] if difference.signals else ""
    main = difference.aspects[0] if difference.aspects else "end"
    moved = difference.stream if main in ("payload", "count", "order", "latency") else ""
    where = f"`{moved or difference.port or design.name}`"
    words = {
        "payload": f"a check of the values that {where} delivers: the reference model does not tell this one",
        "count": f"a check of how many transfers {where} has made when the test ends",
        "order": f"a check of the order in which {where} delivers",
        "end": "a check of how the test ends",
        "latency": f"a check of the latency or throughput of {where}: how many cycles an unstalled transfer may take",
        "handshake": f"a check of how soon {where} must be ready, or of how much it must accept",
        "debug": f"a check of the level `{signal}`, which the reference model would have to foretell",
        "idle payload": f"a check of the payload of {where} while its valid is low, if it is specified",
    }
    return words[main]


def _rows(run: Run, layout: Layout) -> Rows:
    width = layout.sample_width
    count = len(run.rows) // width
    return np.frombuffer(run.rows, np.uint8, count * width).reshape(count, width)


def _signals(design: Design, layout: Layout, differs: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the signals that differ in a row; those that the design drives come first."""
    found = [name for name, (first, bits) in layout.sample.items() if differs[first : first + bits].any()]
    driven = {name for name, _ in driven_signals(design)}
    return tuple(sorted(found, key=lambda name: name in driven))


def _value(rows: Rows, cycle: int, layout: Layout, signal: str) -> str:
    first, bits = layout.sample[signal]
    text = rows[cycle, first : first + bits].tobytes().decode()
    return f"{int(text, 2):#x}" if set(text) <= {"0", "1"} and bits > 1 else text


def _ports(design: Design) -> dict[str, str]:
    """Return signal -> port or stream."""
    named: dict[str, str] = {
        spec.signal: name for name, port in design.ports.items() for spec in port.levels().values()
    }
    return named | {signal: one.key for one in design.streams for signal, _ in one.signals()}


def _aspects(design: Design, clean: Trace, mutant: Trace, common: int) -> Iterator[str]:
    if clean.end != mutant.end:
        yield "end"
    streams = {signal for one in design.streams for signal, _ in one.signals()}
    for one in design.streams:
        if one.driven:
            ready = one.ready and _changed(clean, mutant, one.ready, common)
            yield from ["handshake"] * bool(ready)
        else:
            yield from _delivered(one, clean, mutant, common)
    others = set(clean.signals) - streams - {name for name, _ in driven_signals(design)}
    if any(_changed(clean, mutant, name, common) for name in others):
        yield "debug"


def _delivered(stream: Stream, clean: Trace, mutant: Trace, common: int) -> Iterator[str]:
    """Yield in what the transfers of a stream differ that the design drives."""
    one, two = clean.accepted[stream.key], mutant.accepted[stream.key]
    left, right = _table(one), _table(two)
    least = min(len(left), len(right))
    if len(left) != len(right):
        yield "count"
    if (left[:least] != right[:least]).any():
        same = len(left) == len(right) and sorted(map(tuple, left.tolist())) == sorted(map(tuple, right.tolist()))
        yield "order" if same else "payload"
    elif (one.cycle[:least] != two.cycle[:least]).any() or _changed(clean, mutant, stream.valid, common):
        yield "latency"
    quiet = (clean.signals[stream.valid][:common] != 1) & (mutant.signals[stream.valid][:common] != 1)
    payload = [signal for signal, _ in stream.offered() if signal != stream.valid]
    if any((_rows_that_differ(clean, mutant, name, common) & quiet).any() for name in payload):
        yield "idle payload"


def _table(transfers: Transfers) -> NDArray[np.int64]:
    """Return int64[n, k]: epoch and payload of each transfer."""
    count = len(transfers)
    parts = [transfers.epoch, transfers.unknown.astype(np.int64), *transfers.columns.values()]
    return np.concatenate([part.reshape(count, math.prod(part.shape[1:])) for part in parts], axis=1)


def _changed(clean: Trace, mutant: Trace, signal: str, common: int) -> bool:
    return bool(_rows_that_differ(clean, mutant, signal, common).any())


def _rows_that_differ(clean: Trace, mutant: Trace, signal: str, common: int) -> NDArray[np.bool_]:
    one, two = clean.signals[signal][:common], mutant.signals[signal][:common]
    nothing = np.zeros(common, np.bool_)
    differs = one != two
    strange = [trace.unknown[signal][:common] if signal in trace.unknown else nothing for trace in (clean, mutant)]
    found: NDArray[np.bool_] = (differs.any(axis=1) if differs.ndim > 1 else differs) | (strange[0] != strange[1])
    return found


def _transfer(design: Design, clean: Trace, mutant: Trace) -> tuple[int | None, str, str]:
    """Return the number of the first transfer that differs in value or time, its stream, and words for it."""
    for stream in design.streams:
        if stream.driven:
            continue
        one, two = clean.accepted[stream.key], mutant.accepted[stream.key]
        left, right = _table(one), _table(two)
        least = min(len(left), len(right))
        wrong = (left[:least] != right[:least]).any(axis=1) | (one.cycle[:least] != two.cycle[:least])
        if wrong.any():
            row = int(np.argmax(wrong))
            late = (
                f"in cycle {two.cycle[row]}, not {one.cycle[row]}"
                if one.cycle[row] != two.cycle[row]
                else "with another value"
            )
            return row, stream.key, f"transfer {row} of {stream.key} comes {late}"
        if len(left) != len(right):
            return least, stream.key, f"{stream.key} makes {counted(len(right), 'transfer')}, not {len(left):,}"
    return None, "", ""
