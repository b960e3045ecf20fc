"""Differences between two traces of the same test by transaction: order and payload on each port, latency apart.

The trace of the golden design stands in for a reference model: what it delivered is what is expected. An output with a
value in every cycle is compared as the sequence of its values, without regard to how long each one stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.scoreboard import scoreboard_failures
from dv_agent.runners.comparison.common_ports import CommonPorts

_QUIET = (End.DRAINED, End.DEADLOCK)  # nothing more would have come
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Latency:
    """How much later the same transfers of one port came, in cycles; negative if earlier.

    Attributes:
        first: number of the first transfer in another cycle.
        least, most: over all transfers.
    """

    port: str
    first: int
    least: int
    most: int

    def __str__(self) -> str:
        span = f"{self.least:+}" if self.least == self.most else f"{self.least:+} to {self.most:+}"
        return f"{self.port}: the same transfers, {span} cycles, from transfer {self.first} on"


def transaction_differences(
    golden: Design, ports: CommonPorts, expected: Trace, seen: Trace
) -> tuple[CheckFailure, ...]:
    """Return the differences of the trace `seen` from the trace `expected` of the golden design, earliest first."""
    pairs = dict(_pairs(golden, ports, expected, seen))
    complete = expected.end in _QUIET and seen.end in _QUIET
    owed = {name: _expected(one, ports.results.get(name, tuple(one.columns))) for name, (one, _) in pairs.items()}
    found = {name: _comparable(one, other, expected, complete) for name, (one, other) in pairs.items()}
    judged = replace(seen, accepted=found, end=End.DRAINED if complete else End.LIMIT)
    differences = [*scoreboard_failures(judged, Observation(owed, {})), *_unknown(pairs), *_ending(expected, seen)]
    return tuple(sorted(differences, key=lambda one: _NEVER if one.cycle is None else one.cycle))


def latencies(golden: Design, ports: CommonPorts, expected: Trace, seen: Trace) -> Iterator[Latency]:
    """Return the ports whose transfers come in other cycles; only meaningful where they are the same."""
    for name in ports.results:
        one, other = expected.accepted[name], seen.accepted[name]
        count = min(len(one), len(other))
        late = other.cycle[:count] - one.cycle[:count]
        if late.any():
            yield Latency(name, int(np.flatnonzero(late)[0]), int(late.min()), int(late.max()))


def _pairs(
    golden: Design, ports: CommonPorts, expected: Trace, seen: Trace
) -> Iterator[tuple[str, tuple[Transfers, Transfers]]]:
    for name in ports.results:
        yield name, (expected.accepted[name], seen.accepted[name])
    for name, field in ports.levels:
        signal = golden.ports[name].observed()[field].signal
        if signal in expected.signals and signal in seen.signals:
            yield f"{name}.{field}", (_sequence(expected, signal, field), _sequence(seen, signal, field))


def _sequence(trace: Trace, signal: str, field: str) -> Transfers:
    """Return the values of a level out of reset, one row for each change and for the begin of each epoch."""
    values = trace.signals[signal]
    flat = values if values.ndim == 1 else values.reshape(len(values), -1)
    unknown = trace.unknown.get(signal, np.zeros(trace.cycles, np.bool_))
    rows = np.flatnonzero(~trace.in_reset)
    kept = flat[rows]
    moved = (kept[1:] != kept[:-1]) if kept.ndim == 1 else (kept[1:] != kept[:-1]).any(axis=1)
    epochs = trace.epoch[rows]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = moved | (epochs[1:] != epochs[:-1]) | (unknown[rows][1:] != unknown[rows][:-1])
    at = rows[begins]
    return Transfers(at.astype(np.int64), trace.epoch[at], {field: flat[at]}, unknown[at])


def _expected(one: Transfers, fields: tuple[str, ...]) -> Expected:
    columns = {name: one.columns[name] for name in fields if name in one.columns}
    return Expected(one.epoch, columns, np.full(len(one), -1, np.int64))


def _comparable(one: Transfers, other: Transfers, expected: Trace, complete: bool) -> Transfers:
    """Return the transfers `other`, as far as they can be judged.

    Where a reset or the end of the golden test cut the golden transfers short, further ones say nothing. Where the
    golden design showed X, any value is right.
    """
    last = int(expected.epoch[-1]) if expected.cycles else 0
    keep = np.ones(len(other), np.bool_)
    loose = np.zeros(len(other), np.bool_)
    for epoch in np.unique(other.epoch).tolist():
        mine, owed = np.flatnonzero(other.epoch == epoch), np.flatnonzero(one.epoch == epoch)
        if epoch != last or not complete:
            keep[mine[len(owed) :]] = False
        both = min(len(mine), len(owed))
        loose[mine[:both]] = one.unknown[owed[:both]]
    unknown = other.unknown | loose
    return _rows(Transfers(other.cycle, other.epoch, other.columns, unknown), keep)


def _rows(one: Transfers, keep: BoolColumn) -> Transfers:
    columns: dict[str, IntColumn] = {name: column[keep] for name, column in one.columns.items()}
    return Transfers(one.cycle[keep], one.epoch[keep], columns, one.unknown[keep])


def _unknown(pairs: dict[str, tuple[Transfers, Transfers]]) -> Iterator[CheckFailure]:
    """Return the first transfer of each port that shows X where the golden design shows a value."""
    for name, (one, other) in pairs.items():
        count = min(len(one), len(other))
        strange = np.flatnonzero(other.unknown[:count] & ~one.unknown[:count])
        if len(strange):
            index = int(strange[0])
            message = "X or Z, where the golden design has a value"
            yield CheckFailure(check="unknown", port=name, cycle=int(other.cycle[index]), index=index, message=message)


def _ending(expected: Trace, seen: Trace) -> Iterator[CheckFailure]:
    if expected.end == seen.end or End.BUDGET in (expected.end, seen.end):
        return
    mine, golden = (f"{one.end.value} after {one.cycles} cycles" for one in (seen, expected))
    message = f"the test ends as {mine}; in the golden design as {golden}. {seen.message[:1000]}".strip()
    yield CheckFailure(check="ending", cycle=seen.cycles, message=message)
