"""Covergroups of what happens at the same time: streams of one design side by side, and resets in mid-test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product

from dv_agent.coverage.automatic_plan.known import Known
from dv_agent.coverage.automatic_plan.plan_parts import OPEN, CrossOf, Group, Point, Values
from dv_agent.designs.ports.stream import Stream

_PAIRS = 4
_MOST_RESET = 4
_STATES: Mapping[str, Values] = {"idle": (0, 1), "stalled": 2, "moves": 3}


def together_groups(streams: Sequence[Stream], known: Known) -> Iterator[Group]:
    """Return crosses of the handshakes of neighbouring streams: inputs with outputs first, then inputs with inputs."""
    plain = [one for one in streams if one.ready is not None and one.valid not in known.constant]
    ins, outs = [one for one in plain if one.driven], [one for one in plain if not one.driven]
    pairs = [*product(ins, outs), *combinations(ins, 2), *combinations(outs, 2)]
    groups = (_pair(one, other, known) for one, other in pairs if one.port != other.port)
    yield from islice((group for group in groups if group is not None), _PAIRS)


def _pair(one: Stream, other: Stream, known: Known) -> Group | None:
    names = one.column, other.column
    points = [
        Point(name, f"2 * {name}_valid + {name}_ready", f"{name}: {{bin}}", dict(_STATES), hidden=True)
        for name in names
    ]
    first = [
        state for state in ("moves", "stalled", "idle") if not (state == "stalled" and one.ready in known.constant)
    ]
    second = [
        state for state in ("moves", "stalled", "idle") if not (state == "stalled" and other.ready in known.constant)
    ]
    # An idle neighbour says little unless the other one moves.
    kept = [
        (mine, his)
        for mine, his in product(first, second)
        if ("idle" not in (mine, his) or "moves" in (mine, his)) and known.together(one, mine, other, his)
    ]
    if not kept:
        return None
    only = tuple(dict(zip(names, pair, strict=True)) for pair in kept)
    text = f"in one cycle, {one.key}: {{{names[0]}}} and {other.key}: {{{names[1]}}}"
    return Group(
        f"{names[0]}_{names[1]}"[:64], "cycle", f"{one.key} and {other.key} in the same cycle", points,
        [CrossOf("together", names, text, only)], when="in_reset == 0", rank=1,
    )  # fmt: skip


def reset_group(streams: Sequence[Stream], constant: frozenset[str], widths: bool) -> Group:
    """Return what streams were doing in the cycle before a reset in mid-test.

    Args:
        widths: whether a test chooses how long a reset is; with several clocks, they need it to last.
    """
    points = []
    for one in [one for one in streams if one.ready is not None][:_MOST_RESET]:
        name = one.column
        states: Mapping[str, int] = {"stalled": 2, "transfer": 3}
        if one.ready in constant:
            states = {"transfer": 3}
        text = f"a reset in mid-test, one cycle after {one.key} was: {{bin}}"
        points.append(Point(name, f"2 * {name}_valid + {name}_ready", text, states))
        if one.packets and one.last is not None:
            text = f"a reset in mid-test inside a packet on {one.key}"
            points.append(Point(f"{name}_open", f"{name}_beat", text, {"open": (1, OPEN)}))
    if widths:
        points.append(Point("width", "width", "a reset in mid-test of {value} cycles", {"1": 1, "longer": (2, OPEN)}))
    return Group("reset_in_test", "reset", "Resets in mid-test", points, rank=1)
