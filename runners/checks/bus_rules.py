"""Rules of buses: answers and requests that belong together, signals that exclude each other, values that read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.ports.buses.rules import Answers, Known, Legal, OneOf, OnlyWhile, ReadsBack, Rule
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, Trace
from dv_agent.runners.checks.bus_answers import answer_failures
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.read_back import read_back_failures

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
        for rule in port.protocol(name):
            yield from (one for one in _CHECKS[type(rule)](name, rule, streams, trace) if one.check not in off)


def _high(trace: Trace, signal: str) -> BoolColumn:
    high: BoolColumn = (trace.signals[signal] == 1) & ~trace.in_reset
    return high


def _one_of(port: str, rule: OneOf, _streams: dict[str, Stream], trace: Trace) -> Iterator[CheckFailure]:
    together = np.sum([_high(trace, signal) for signal in rule.signals], axis=0) > 1
    for row in np.flatnonzero(together)[:MAX_EACH].tolist():
        found = " and ".join(signal for signal in rule.signals if trace.signals[signal][row] == 1)
        yield CheckFailure(check="exclusive", port=port, cycle=row, message=f"{found} are high together")


def _only_while(port: str, rule: OnlyWhile, _streams: dict[str, Stream], trace: Trace) -> Iterator[CheckFailure]:
    allowed = trace.signals[rule.signal] == 1
    for signal in rule.these:
        for row in np.flatnonzero(_high(trace, signal) & ~allowed)[:MAX_EACH].tolist():
            message = f"{signal} is high while {rule.signal} is low, so there is no request that it could answer"
            yield CheckFailure(check="unasked", port=port, cycle=row, field=signal, message=message)


def _known(_port: str, rule: Known, _streams: dict[str, Stream], trace: Trace) -> Iterator[CheckFailure]:
    cycles = trace.accepted[rule.transfers].cycle
    for name, signal in rule.signals:
        if signal in trace.unknown:
            for row in cycles[trace.unknown[signal][cycles]][:MAX_EACH].tolist():
                message = f"{signal} is X or Z in the cycle in which the access ends"
                yield CheckFailure(check="unknown", port=rule.transfers, cycle=row, field=name, message=message)


def _legal(_port: str, rule: Legal, _streams: dict[str, Stream], trace: Trace) -> Iterator[CheckFailure]:
    seen = trace.accepted[rule.stream]
    values = seen.columns[rule.field]
    for index in np.flatnonzero(~np.isin(values, rule.values) & ~seen.unknown)[:MAX_EACH].tolist():
        value, cycle = int(values[index]), int(seen.cycle[index])
        message = f"{rule.field} is {value}, which this bus does not know"
        yield CheckFailure(
            check="illegal", port=rule.stream, cycle=cycle, index=index, field=rule.field, seen=value, message=message
        )


_Check = Callable[[str, Any, dict[str, Stream], Trace], Iterator[CheckFailure]]
_CHECKS: dict[type[Rule], _Check] = {
    Answers: answer_failures,
    OneOf: _one_of,
    OnlyWhile: _only_while,
    Known: _known,
    Legal: _legal,
    ReadsBack: lambda _port, rule, _streams, trace: read_back_failures(rule, trace),
}
