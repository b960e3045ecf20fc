"""Tracks: what an agent that asks a model is given, and the usual budget. docs/tracks.md tells how each is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

TrackName = Literal["closure", "blind", "rtl", "hunt"]
TRACK_NAMES: tuple[TrackName, ...] = get_args(TrackName)


@dataclass(frozen=True, slots=True)
class Track:
    """What is given.

    Attributes:
        specification: with the summary of the design.
        rtl: shown in full, whatever the strategy says; else only if the strategy says so.
        rtl_allowed: whether it may be seen at all.
        plan: the plan, its bins, and how near the tests came. Without it the agent is told only what failed.
        agent: the one agent with a model that plays it, if not all do: inner signals would show the RTL, and only tools
            report bugs.
        cycles, calls: the usual bounds of a run.
    """

    name: TrackName
    specification: bool = True
    rtl: bool = False
    rtl_allowed: bool = True
    plan: bool = True
    agent: str = ""
    cycles: int = 200_000
    calls: int = 50


CLOSURE = Track("closure")
TRACKS: dict[str, Track] = {
    one.name: one
    for one in (
        CLOSURE,
        Track("blind", rtl_allowed=False, plan=False, agent="llm", cycles=50_000, calls=4),
        Track("rtl", specification=False, rtl=True, plan=False, agent="llm", cycles=50_000, calls=4),
        Track("hunt", plan=False, rtl=True, agent="tools", cycles=50_000, calls=30),
    )
}
