"""Protocol checks: handshake rules that hold for every design, independent of its function. Vectorised over a trace."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import DROP, PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure

MAX_EACH = 3  # failures of one kind on one signal; a faulty signal is often wrong in every cycle
_MESSAGE = 2000


def protocol_failures(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    """Return all protocol failures, in no particular order; signals that the trace lacks are skipped.

    Rules that design.yaml switches off for a port are not checked there.
    """
    for failure in _all_failures(design, trace):
        if failure.check not in design.exceptions.get(failure.port.partition(".")[0], {}):
            yield failure


def _all_failures(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    for stream in _outputs(design):
        if stream.valid in trace.signals:
            may_drop = DROP in design.exceptions.get(stream.port, {})
            clock = design.clock_of(stream.port)
            yield from _unstable(stream, trace, clock, may_drop)
            if trace.unknown:
                yield from _unknown_payload(stream, trace, trace.ticks(clock))
    if trace.unknown:
        yield from _unknown_levels(design, trace)
    yield from _after_reset(design, trace)
    yield from _ending(design, trace)


def _unknown_levels(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    for name, signal in _handshakes(design):
        yield from _unknown_handshake(name, signal, trace)
    for name, port in design.ports.items():
        for field, spec in port.observed().items():
            # Wider ones may show a memory that nobody has written yet; without a reset nothing need be known.
            if spec.bits == 1 and design.reset:
                yield from _unknown_level(name, field, spec.signal, trace)


def _outputs(design: Design) -> Iterator[Stream]:
    """Return the streams whose valid the design drives."""
    return (one for one in design.streams if not one.driven)


def _inputs(design: Design) -> Iterator[Stream]:
    """Return the streams whose ready the design drives."""
    return (one for one in design.streams if one.driven and one.ready is not None)


def _handshakes(design: Design) -> Iterator[tuple[str, str]]:
    """Return (stream, signal) of every valid and ready that the design drives."""
    yield from ((one.key, one.valid) for one in _outputs(design))
    yield from ((one.key, one.ready) for one in _inputs(design) if one.ready)


def _payload(stream: Stream) -> Iterator[tuple[str, str]]:
    """Return (name to show, signal) of every signal of the payload."""
    yield from ((name, spec.signal) for name, spec in stream.fields.items())
    if stream.last is not None:
        yield "last", stream.last


def _known(trace: Trace, signal: str, rows: IntColumn) -> BoolColumn | bool:
    """Return whether no bit of a signal is X or Z in these cycles."""
    unknown = trace.unknown.get(signal)
    return True if unknown is None else ~unknown[rows]


def _counts(stream: Stream, field: str, trace: Trace) -> BoolColumn | bool:
    """Return in which cycles a field of a valid stream counts; see `Stream.loose`."""
    decider = stream.loose.get(field)
    if decider is None:
        return True
    return trace.signals[stream.fields[decider].signal] != 0 if decider else False


def _number(values: IntColumn, row: int) -> int:
    """Return one value of `Trace.signals`, with the words of a wide signal joined."""
    if values.ndim == 1:
        return int(values[row])
    return sum(int(word) << (32 * place) for place, word in enumerate(values[row]))


def _unstable(stream: Stream, trace: Trace, clock: str, may_drop: bool) -> Iterator[CheckFailure]:
    """Yield what changed while it had to wait, from one edge of its clock to the next."""
    if stream.ready is None:
        return
    before, after = _stalled(stream, trace, clock)
    if not len(before):
        return
    valid = trace.signals[stream.valid][after] == 1
    dropped = ~valid & _known(trace, stream.valid, after)
    for row in after[dropped][:MAX_EACH].tolist() if not may_drop else ():
        message = f"{stream.valid} was high while {stream.ready} was low, and fell before the transfer was accepted"
        yield CheckFailure(check="stable", port=stream.key, cycle=row, field=stream.valid, message=message)
    for field, signal in _payload(stream):
        values = trace.signals[signal]
        differs = values[after] != values[before]
        # X and Z are covered by the check `unknown`.
        held = valid & _known(trace, signal, after) & _known(trace, signal, before)
        counts = _counts(stream, field, trace)
        changed = held & (differs if values.ndim == 1 else differs.any(axis=1))
        changed &= counts if isinstance(counts, bool) else counts[after]
        for row in np.flatnonzero(changed)[:MAX_EACH].tolist():
            old, new = _number(values, int(before[row])), _number(values, int(after[row]))
            message = f"{signal} changed from 0x{old:x} to 0x{new:x} while {stream.ready} was low"
            yield CheckFailure(
                check="stable",
                port=stream.key,
                cycle=int(after[row]),
                field=field,
                expected=old,
                seen=new,
                message=message,
            )


def _stalled(stream: Stream, trace: Trace, clock: str) -> tuple[IntColumn, IntColumn]:
    """Return the cycles in which a stream had to wait, and for each the next one in which its clock rises.

    Those at whose end, or before whose next edge, there is a reset are left out.
    """
    assert stream.ready is not None
    waits = (trace.signals[stream.valid] == 1) & (trace.signals[stream.ready] != 1)
    if clock not in trace.edges:
        waits &= ~trace.in_reset
        before = np.flatnonzero(waits[:-1] & ~trace.in_reset[1:])
        return before, before + 1
    edges = np.flatnonzero(trace.edges[clock])
    resets = np.concatenate([np.zeros(1, np.int64), np.cumsum(trace.in_reset, dtype=np.int64)])
    quiet = resets[edges[1:] + 1] == resets[edges[:-1]]
    place = np.flatnonzero(waits[edges[:-1]] & quiet)
    return edges[place], edges[place + 1]


def _stretches(mask: BoolColumn) -> list[int]:
    """Return the first row of each of the first few runs of true."""
    before = np.concatenate([np.zeros(1, np.bool_), mask[:-1]])
    rows: list[int] = np.flatnonzero(mask & ~before)[:MAX_EACH].tolist()
    return rows


def _unknown_payload(stream: Stream, trace: Trace, ticks: BoolColumn) -> Iterator[CheckFailure]:
    valid = (trace.signals[stream.valid] == 1) & ~trace.in_reset & ticks
    for field, signal in _payload(stream):
        if signal in trace.unknown:
            for row in _stretches(valid & trace.unknown[signal] & _counts(stream, field, trace)):
                message = f"{signal} is X or Z while {stream.valid} is high"
                yield CheckFailure(check="unknown", port=stream.key, cycle=row, field=field, message=message)


def _unknown_handshake(name: str, signal: str, trace: Trace) -> Iterator[CheckFailure]:
    if signal in trace.unknown:
        for row in _stretches(trace.unknown[signal] & ~trace.in_reset):
            yield CheckFailure(check="unknown", port=name, cycle=row, field=signal, message=f"{signal} is X or Z")


def _unknown_level(name: str, field: str, signal: str, trace: Trace) -> Iterator[CheckFailure]:
    """Return the failures of a flag that is only observed; one that is never known may be a bus that nobody drives."""
    strange = trace.unknown.get(signal, np.zeros(trace.cycles, np.bool_)) & ~trace.in_reset
    if strange.any() and (~strange & ~trace.in_reset).any():
        for row in _stretches(strange):
            yield CheckFailure(check="unknown", port=name, cycle=row, field=field, message=f"{signal} is X or Z")


def _after_reset(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    if not trace.cycles or not trace.signals or design.reset is None:
        return
    before = np.concatenate([np.ones(1, np.bool_), trace.in_reset[:-1]])
    suspect = np.flatnonzero(before & ~trace.in_reset)
    # An input of the same cycle may be the cause, through a combinational path; or a level that is not at rest.
    for port in design.ports.values():
        for spec, rest in zip(port.held().values(), rest_levels(port), strict=True):
            if spec.signal in trace.signals and spec.bits < 64:
                suspect = suspect[trace.signals[spec.signal][suspect] == rest]
    for one in design.streams:
        if one.driven and one.valid in trace.signals:
            suspect = suspect[trace.signals[one.valid][suspect] != 1]
    for one in _outputs(design):
        if one.caused and one.valid in trace.signals:
            high = (trace.signals[one.valid][suspect] == 1) & trace.ticks(design.clock_of(one.port))[suspect]
            for row in suspect[high][:MAX_EACH].tolist():
                message = f"{one.valid} is high in the first cycle after reset, before anything was accepted"
                yield CheckFailure(check="after_reset", port=one.key, cycle=row, field=one.valid, message=message)


def rest_levels(port: PortModel) -> Iterator[int]:
    """Yield the level at rest of each held field of a port, as the unsigned number that a trace holds."""
    rest = port.at_rest()
    for spec in port.held().values():
        yield rest & ((1 << spec.bits) - 1)
        rest >>= spec.bits


def refused_at_the_end(design: Design, trace: Trace) -> frozenset[str]:
    """Return the input streams with valid high in the last cycle; meaningful if the test ended in a deadlock."""
    signals = trace.signals
    return frozenset(one.key for one in _inputs(design) if one.valid in signals and signals[one.valid][-1] == 1)


def may_always_wait(design: Design) -> frozenset[str]:
    """Return the input streams that may wait for ever, because design.yaml switches the rule `deadlock` off."""
    off = {port for port, rules in design.exceptions.items() if "deadlock" in rules}
    return frozenset(one.key for one in _inputs(design) if one.port in off)


def _ending(design: Design, trace: Trace) -> Iterator[CheckFailure]:
    last = trace.cycles - 1
    if trace.end in {End.HUNG, End.CRASHED}:
        yield CheckFailure(check=str(trace.end), cycle=trace.cycles, message=trace.message[:_MESSAGE])
    if trace.end != End.DEADLOCK:
        return
    refused = refused_at_the_end(design, trace)
    if not refused:
        # This kind of port must not assert valid before the design allows it.
        message = "a track still has something to send, and nothing moves any more"
        yield CheckFailure(check="deadlock", cycle=last, message=message)
    for stream in _inputs(design):
        if stream.key in refused and stream.ready is not None:
            calm = trace.signals[stream.valid] * (1 - trace.signals[stream.ready]) * ~trace.in_reset
            moves = np.flatnonzero(calm != 1)
            since = int(moves[-1]) + 1 if len(moves) else 0
            message = f"offered since cycle {since} and still not accepted in cycle {last}, and nothing else moves"
            yield CheckFailure(check="deadlock", port=stream.key, cycle=since, field=stream.ready, message=message)
