"""Differences between two traces of the same test pin by pin, in the same cycle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.trace import BoolColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure

_NEVER = 1 << 62


def pin_differences(golden: Design, changed: Design, expected: Trace, seen: Trace) -> tuple[CheckFailure, ...]:
    """Return the first difference of every output that both designs have, earliest first.

    From the first difference on, the drivers may have sent other inputs, so that later ones may follow from it. Outputs
    are compared out of reset, and where the golden design shows no X.
    """
    widths = dict(_outputs(changed))
    found = [
        one
        for signal, (port, bits) in _outputs(golden)
        if widths.get(signal, (port, 0))[1] == bits and (one := _first(port, signal, expected, seen)) is not None
    ]
    if expected.cycles != seen.cycles and not found:
        ends = [f"{one.cycles} cycles, ended as {one.end.value}" for one in (seen, expected)]
        message = f"{ends[0]}; the golden design: {ends[1]}"
        found.append(CheckFailure(check="ending", cycle=min(expected.cycles, seen.cycles), message=message))
    return tuple(sorted(found, key=lambda one: _NEVER if one.cycle is None else one.cycle))


def _outputs(design: Design) -> Iterator[tuple[str, tuple[str, int]]]:
    """Return (signal, (port, bits)) of every signal that the design drives."""
    for name, port in design.ports.items():
        for one in port.streams(name):
            if one.driven and one.ready is not None:
                yield one.ready, (one.key, 1)
            elif not one.driven:
                yield from ((signal, (one.key, bits)) for signal, bits in one.offered())
        yield from ((spec.signal, (name, spec.bits)) for spec in port.observed().values())


def _first(port: str, signal: str, expected: Trace, seen: Trace) -> CheckFailure | None:
    if signal not in expected.signals or signal not in seen.signals:
        return None
    count = min(expected.cycles, seen.cycles)
    one, other = expected.signals[signal][:count], seen.signals[signal][:count]
    differs = one != other if one.ndim == 1 else (one != other).any(axis=1)
    strange = _unknown(seen, signal, count)
    differs = (differs | strange) & ~_unknown(expected, signal, count) & ~expected.in_reset[:count]
    rows = np.flatnonzero(differs)
    if not len(rows):
        return None
    row = int(rows[0])
    values = [sum(int(word) << (32 * place) for place, word in enumerate(np.atleast_1d(x[row]))) for x in (one, other)]
    words = "X or Z" if strange[row] else f"0x{values[1]:x}"
    message = f"{signal} is {words}, in the golden design 0x{values[0]:x}; different in {len(rows)} of {count} cycles"
    return CheckFailure(check="pin", port=port, cycle=row, field=signal, message=message)


def _unknown(trace: Trace, signal: str, count: int) -> BoolColumn:
    return trace.unknown.get(signal, np.zeros(trace.cycles, np.bool_))[:count]
