"""Rules of buses: answers and requests that belong together, signals that exclude each other, values that read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.ports.buses.rules import Answers, Framed, Known, Legal, OneOf, OnlyWhile, ReadsBack, Rule
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import Trace
from dv_agent.runners.checks.bus_answers import Watched, answer_failures
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.read_back import read_back_failures
from dv_agent.runners.checks.rules.epoch_runs import runs_of

MAX_EACH = 3


def bus_failures(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    """Return all failures of the rules of all ports, in no particular order; none if the trace lacks signals.

    Rules that design.yaml switches off for a port are not checked there.
    """
    if not trace.signals or not trace.cycles:
        return
    streams = {one.key: one for one in design.streams}
    for name, port in design.ports.items():
        off = design.exceptions.get(name, {})
        bus = Watched(name, streams, trace, trace.ticks(design.clock_of(name)) & ~trace.in_reset)
        for rule in port.protocol(name):
            yield from (one for one in _CHECKS[type(rule)](rule, bus) if one.check not in off)


def _one_of(rule: OneOf, bus: Watched) -> Iterator[CheckFailure]:
    together = np.sum([bus.high(signal) for signal in rule.signals], axis=0) > 1
    for row in np.flatnonzero(together)[:MAX_EACH].tolist():
        found = " and ".join(signal for signal in rule.signals if bus.trace.signals[signal][row] == 1)
        yield CheckFailure(check="exclusive", port=bus.port, cycle=row, message=f"{found} are high together")


def _only_while(rule: OnlyWhile, bus: Watched) -> Iterator[CheckFailure]:
    allowed = bus.high(rule.signal)
    for signal in rule.these:
        for row in np.flatnonzero(bus.high(signal) & ~allowed)[:MAX_EACH].tolist():
            message = f"{signal} is high while {rule.signal} is low, so there is no request that it could answer"
            yield CheckFailure(check="unasked", port=bus.port, cycle=row, field=signal, message=message)


def _framed(rule: Framed, bus: Watched) -> Iterator[CheckFailure]:
    asked, seen = bus.trace.accepted[rule.request], bus.trace.accepted[rule.data]
    found = 0
    for epoch in runs_of(seen.epoch).values.tolist():
        lengths = (asked.columns[rule.length][asked.epoch == epoch] + 1).tolist()
        mine = np.flatnonzero(seen.epoch == epoch)
        ends = np.flatnonzero(seen.columns["last"][mine] == 1).tolist()
        for number, (length, end) in enumerate(zip(lengths, ends, strict=False)):
            beats = end - (ends[number - 1] if number else -1)
            if beats != length and found < MAX_EACH:
                found += 1
                burst = f"a burst of {counted(length, 'transfer')}"
                message = f"{burst} was asked for, and the last one came with number {beats}"
                row, key = int(mine[end]), rule.data
                yield CheckFailure(
                    check="beats", port=key, cycle=int(seen.cycle[row]), index=row, field="last", message=message
                )


def _known(rule: Known, bus: Watched) -> Iterator[CheckFailure]:
    cycles, unknown = bus.trace.accepted[rule.transfers].cycle, bus.trace.unknown
    for name, signal in rule.signals:
        if signal in unknown:
            for row in cycles[unknown[signal][cycles]][:MAX_EACH].tolist():
                message = f"{signal} is X or Z in the cycle in which the access ends"
                yield CheckFailure(check="unknown", port=rule.transfers, cycle=row, field=name, message=message)


def _legal(rule: Legal, bus: Watched) -> Iterator[CheckFailure]:
    seen = bus.trace.accepted[rule.stream]
    values = seen.columns[rule.field]
    for index in np.flatnonzero(~np.isin(values, rule.values) & ~seen.unknown)[:MAX_EACH].tolist():
        value, cycle = int(values[index]), int(seen.cycle[index])
        message = f"{rule.field} is {value}, which this bus does not know"
        yield CheckFailure(
            check="illegal", port=rule.stream, cycle=cycle, index=index, field=rule.field, seen=value, message=message
        )


_Check = Callable[[Any, Watched], Iterator[CheckFailure]]
_CHECKS: dict[type[Rule], _Check] = {
    Answers: answer_failures,
    Framed: _framed,
    OneOf: _one_of,
    OnlyWhile: _only_while,
    Known: _known,
    Legal: _legal,
    ReadsBack: lambda rule, bus: read_back_failures(rule, bus.trace),
}
