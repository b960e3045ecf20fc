"""The RTL's own checks: what it reported as an error outside of reset is a failed check."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.trace import RtlMessage, Trace
from dv_agent.runners.checks.failure import CheckFailure


def assertion_failures(trace: Trace) -> Iterator[CheckFailure]:
    """Yield a failure for each error that the RTL reported, except those reported in reset only."""
    for one in trace.reported:
        cycles = _out_of_reset(one, trace)
        if cycles or one.fatal or not one.cycles:
            more = f" (and {one.count - 1} more times)" if one.count > 1 else ""
            inside = f" in {one.scope}" if one.scope else ""
            yield CheckFailure(
                check="assertion", cycle=cycles[0] if cycles else None, field=f"{one.file}:{one.line}",
                message=f"{one.file}:{one.line}{inside}: {one.text}{more}",
            )  # fmt: skip


def reset_notes(trace: Trace) -> tuple[str, ...]:
    """Return what the RTL reported only while reset was active: no failure, but something a reader should know."""
    return tuple(
        f"{one.file}:{one.line} reported an error while reset was active, which fails no check: {one.text}"
        for one in trace.reported
        if one.cycles and not one.fatal and not _out_of_reset(one, trace)
    )


def _out_of_reset(one: RtlMessage, trace: Trace) -> list[int]:
    """Return the cycles without reset in which an error was reported.

    What is printed between two sample events comes from the edge between them, and speaks either of the cycle that the
    edge ends (a clocked check) or of the one that it begins (a combinational one). Between the last cycle with reset
    and the first without, it is taken for the second, unless it was printed in the cycle before too.
    """
    found = []
    for cycle in one.cycles:
        if not _in_reset(cycle, trace):
            found.append(cycle)
        elif not _in_reset(cycle + 1, trace) and cycle - 1 not in one.cycles:
            found.append(cycle + 1)
    return found


def _in_reset(cycle: int, trace: Trace) -> bool:
    return cycle < 0 or (cycle < trace.cycles and bool(trace.in_reset[cycle]))
