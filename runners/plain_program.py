"""A program as plain data, checked against the design, as it is sent to the simulator process.

The operations of a track are sent as columns: their number, and a list for each member of `Op`, of which a list with
one entry stands for all operations. Most members are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import grammar_of
from dv_agent.designs.program import RESET_TRACK, Op, Program
from dv_agent.errors import UsageError

_WAITS = frozenset({"after", "at"})


def plain_program(design: Design, program: Program) -> dict[str, Any]:
    """Return `program` as plain data for the simulator process.

    Raises:
        UsageError: the design has no such track, or the track no such operation.
    """
    streams = {one.key for one in design.streams}
    tracks: dict[str, list[Any]] = {}
    for track, ops in program.tracks.items():
        if track not in design.tracks:
            what = "reset" if track == RESET_TRACK else f"port {track!r} that could be driven"
            raise UsageError(f"{design.name} has no {what}")
        allowed = _WAITS | grammar_of(design, track).ops
        tracks[track] = columns = _columns(ops)
        if wrong := set(columns[1]) - allowed:
            raise UsageError(f"track {track!r} cannot hold {', '.join(sorted(wrong))}")
        if "after" in columns[1] and (lost := {op.port for op in ops if op.kind == "after"} - streams):
            raise UsageError(f"track {track!r} waits for {', '.join(sorted(lost))}, which has no transfers")
    return {"tracks": tracks, "memories": program.memories, "max_cycles": program.max_cycles}


def _columns(ops: Sequence[Op]) -> list[Any]:
    if not ops:
        return [0, *[()] * len(Op._fields)]
    columns = zip(*ops, strict=True)
    return [len(ops), *(one[:1] if one.count(one[0]) == len(one) else one for one in columns)]
