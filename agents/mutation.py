"""Changing one literal test into a slightly different one: what the search agent does to its corpus.

A move takes the tracks of a test (plain lists that it may edit), a random source and the focus: the
step of each track that was under way when the test came nearest to a hole. It returns False where it
does not apply.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence

from dv_agent.agents import item_moves, payload_moves, timing_moves
from dv_agent.agents.ground import Focus, Ground, Tracks
from dv_agent.designs.stimulus import Step, Test

Move = Callable[[Ground, Tracks, random.Random, Focus], bool]
MAX_STEPS = 64
CROSSED_STEPS = 4
MOVES: Mapping[str, Move] = {
    "value": payload_moves.value,
    "value_everywhere": payload_moves.value_everywhere,
    "beat_count": payload_moves.beat_count,
    "stretch": payload_moves.stretch,
    "ramp": payload_moves.ramp,
    "gap": timing_moves.gap,
    "no_gaps": timing_moves.no_gaps,
    "new_item": item_moves.new_item,
    "copy_item": item_moves.copy_item,
    "copy_run": item_moves.copy_run,
    "drop_item": item_moves.drop_item,
    "swap_items": item_moves.swap_items,
    "timing": timing_moves.timing,
    "new_timing": timing_moves.new_timing,
    "reset": timing_moves.reset,
}


def mutate(ground: Ground, test: Test, move: str, source: random.Random, focus: Focus) -> Test | None:
    """A changed copy of a literal test of at most `MAX_STEPS` steps a track, or None where `move` does not apply."""
    tracks: Tracks = {name: copy.deepcopy(list(steps)) for name, steps in test.tracks.items()}
    if not MOVES[move](ground, tracks, source, focus):
        return None
    kept = {name: tuple(steps[:MAX_STEPS]) for name, steps in tracks.items() if steps}
    return Test(tracks=kept, memory=test.memory)


def cross(ground: Ground, one: Test, other: Test, source: random.Random) -> Test:
    """The head of one test and the tail of another on payload tracks; each other track from either."""
    tracks: dict[str, tuple[Step, ...]] = {}
    for name in ground.schema.tracks:
        ours, theirs = one.tracks.get(name, ()), other.tracks.get(name, ())
        if name in ground.payload and ours and theirs:
            cut, start = source.randint(0, len(ours)), source.randrange(len(theirs))
            joined = ours[max(cut - CROSSED_STEPS, 0) : cut] + theirs[start : start + CROSSED_STEPS]
        else:
            joined = source.choice((ours, theirs))
        if joined:
            tracks[name] = joined
    return Test(tracks=tracks, memory=source.choice((one.memory, other.memory)))


def trim(ground: Ground, test: Test, focus: Focus, source: random.Random) -> tuple[Test, Focus]:
    """A few items up to just behind the focus; every other track is cut behind its focus, or dropped."""
    tracks: dict[str, tuple[Step, ...]] = {}
    moved = dict(focus)
    for name, steps in test.tracks.items():
        if name in ground.payload and name in focus:
            first = max(focus[name] - source.choice((0, 0, 1, 2, 4)), 0)
            tracks[name] = steps[first : focus[name] + source.choice((1, 1, 2, 3))]
            moved[name] = focus[name] - first
        elif source.random() < 0.25:
            tracks[name] = steps[: focus.get(name, 0) + 1]
    return Test(tracks={name: steps for name, steps in tracks.items() if steps}, memory=test.memory), moved


def chain(ground: Ground, tests: Sequence[Test]) -> Test:
    """The items of several tests behind each other, everything else silent: one drain instead of many."""
    tracks: dict[str, tuple[Step, ...]] = {}
    for name in ground.payload:
        steps = tuple(step for test in tests for step in test.tracks.get(name, ()))
        if steps:
            tracks[name] = steps[:MAX_STEPS]
    return Test(tracks=tracks, memory=tests[0].memory)
