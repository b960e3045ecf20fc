"""A program as plain data, checked against the design, as it is sent to the simulator process."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import grammar_of
from dv_agent.designs.program import RESET_TRACK, Program
from dv_agent.errors import UsageError

_WAITS = frozenset({"after", "at"})


def plain_program(design: Design, program: Program) -> dict[str, Any]:
    """Return `program` as plain data for the simulator process.

    Raises:
        UsageError: the design has no such track, or the track no such operation.
    """
    streams = {one.key for one in design.streams}
    for track, ops in program.tracks.items():
        if track not in design.tracks:
            what = "reset" if track == RESET_TRACK else f"port {track!r} that could be driven"
            raise UsageError(f"{design.name} has no {what}")
        allowed = _WAITS | grammar_of(design, track).ops
        if wrong := {op.kind for op in ops} - allowed:
            raise UsageError(f"track {track!r} cannot hold {', '.join(sorted(wrong))}")
        if lost := {op.port for op in ops if op.kind == "after"} - streams:
            raise UsageError(f"track {track!r} waits for {', '.join(sorted(lost))}, which has no transfers")
    tracks = {track: list(ops) for track, ops in program.tracks.items()}
    memories = {name: list(words) for name, words in program.memories.items()}
    return {"tracks": tracks, "memories": memories, "max_cycles": program.max_cycles}
