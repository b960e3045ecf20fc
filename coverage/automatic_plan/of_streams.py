"""Covergroups of one stream: its handshake, its timing, its packets, its payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from dv_agent.coverage.automatic_plan.known import Known
from dv_agent.coverage.automatic_plan.of_fields import COARSE, FINE, field_points
from dv_agent.coverage.automatic_plan.plan_parts import OPEN, CrossOf, Group, Moves, Point, Values, lengths
from dv_agent.designs.defaults.tables_from_trace import field_column
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream

_CROSSED_BITS = 2  # of fields that are crossed with one another
_CROSSES = 3


def stream_groups(
    stream: Stream, most_beats: int, detail: int, known: Known, *, answers: bool = False
) -> Iterator[Group]:
    """Return the covergroups of a stream.

    Args:
        most_beats: the longest packet that a test may send on it.
        answers: whether it only answers requests of the design, so that its timing follows from theirs.
    """
    constant = known.constant
    if stream.ready is None and not answers:
        yield _strobe(stream)
    elif not answers:
        yield _handshake(stream, constant)
    if stream.ready is not None and not answers and not stream.returns:
        yield _timing(stream, detail, constant, known.once(stream))
    if stream.last is not None and stream.last not in constant:
        yield _packets(stream, most_beats)
    if payload := _payload(stream, detail, constant):
        yield payload


def _handshake(stream: Stream, constant: frozenset[str]) -> Group:
    name = stream.column
    states = {"idle": 0, "ready_first": 1, "stalled": 2, "transfer": 3}
    if stream.ready in constant:  # an input that is always accepted
        states = {"idle": 1, "transfer": 3}
    if stream.valid in constant:
        states = {"stalled": 2, "transfer": 3}
    if stream.returns:  # a ready that comes with an answer needs a request
        states = {state: value for state, value in states.items() if state != "ready_first"}
    point = Point("state", f"2 * {name}_valid + {name}_ready", f"{stream.key} in one cycle: {{bin}}", states)
    return Group(f"{name}_handshake", "cycle", f"Valid and ready of {stream.key}", [point], when="in_reset == 0")


def _timing(stream: Stream, detail: int, constant: frozenset[str], once: bool) -> Group:
    gap = lengths(0, 1, 2, 4, 16) if stream.driven and detail else lengths(0, 1, 4)
    if once and not stream.driven:
        gap = lengths(1, 4)
    points = [Point("gap", "gap", f"{{value}} cycles without valid before a transfer on {stream.key}", gap)]
    if stream.ready not in constant:
        # The testbench stalls outputs at will; how long the design stalls an input is its own affair.
        stall = lengths(0, 1, 4) if stream.driven or not detail else lengths(0, 1, 2, 4, 16)
        points.append(Point("stall", "stall", f"a transfer on {stream.key} waited {{value}} cycles for ready", stall))
    run: dict[str, Moves] = {"two": [[1], [1]], "three": [[1], [1], [1]], "after_pause": [[0], [1]]}
    text = f"transfers on {stream.key} in consecutive cycles: {{bin}}"
    if not once:
        points.append(Point("run", "back_to_back", text, run))
    return Group(f"{stream.column}_timing", f"transfer_{stream.column}", f"Pauses and stalls of {stream.key}", points)


def _strobe(stream: Stream) -> Group:
    gap = lengths(0, 1, 4)
    point = Point("gap", "gap", f"{{value}} cycles between two events on {stream.key}", gap)
    first = Point("count", "since_reset", f"{{value}} events on {stream.key} since reset", lengths(0, 1, 4))
    text = f"Events of {stream.key}, which has no ready"
    return Group(f"{stream.column}_events", f"beat_{stream.column}", text, [point, first])


def _packets(stream: Stream, most_beats: int) -> Group:
    if stream.driven:
        starts = sorted({one for one in (1, 2, 3, 5, 9, most_beats) if one <= most_beats})
        bins = lengths(*starts, most=most_beats)
    else:
        bins = lengths(1, 2, 5)
    points = [Point("length", "length", f"a packet of {{value}} beats on {stream.key}", bins)]
    if stream.driven and most_beats > 1:
        turn = max(2, most_beats // 2)
        moves: dict[str, Moves] = {"long_after_short": [[1], [(turn, OPEN)]], "short_after_long": [[(turn, OPEN)], [1]]}
        points.append(Point("next", "length", f"consecutive packets on {stream.key}: {{bin}}", moves))
    pause: dict[str, Values] = {"none": 0, "some": (1, OPEN)}
    if stream.driven:
        text = f"cycles without a beat before a packet on {stream.key}: {{bin}}"
        points.append(Point("before", "gap_before", text, pause))
        if most_beats > 1:
            inside = Point("inside", "longest_gap", f"the longest pause in a packet on {stream.key}: {{bin}}", pause)
            points.append(inside)
    return Group(f"{stream.column}_packets", f"packet_{stream.column}", f"Packets of {stream.key}", points)


def _payload(stream: Stream, detail: int, constant: frozenset[str]) -> Group | None:
    fields = {name: spec for name, spec in stream.fields.items() if spec.signal not in constant}
    points = [
        point
        for name, spec in fields.items()
        for point in field_points(name, field_column(name), spec, detail, stream.driven)
    ]
    if not points:
        return None
    crosses = list(_crosses(stream, fields)) if stream.driven and detail == FINE else []
    text = f"Values on {stream.key}"
    rank = 1 if stream.driven else 2
    return Group(f"{stream.column}_payload", f"beat_{stream.column}", text, points, crosses,
                 rank=rank + (detail == COARSE))  # fmt: skip


def _crosses(stream: Stream, fields: Mapping[str, FieldSpec]) -> Iterator[CrossOf]:
    """Return crosses of narrow fields, such as flags, which often select what is done."""
    narrow = [name for name, spec in fields.items() if spec.bits <= _CROSSED_BITS]
    for one, other in list(combinations(narrow, 2))[:_CROSSES]:
        text = f"on {stream.key}, {one} is {{{one}}} and {other} is {{{other}}}"
        yield CrossOf(f"{one}_and_{other}"[:64], (one, other), text)
