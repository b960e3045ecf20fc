"""Changing one literal test into a slightly different one: what the search agent does to its corpus.

A move takes the tracks of a test (plain lists that it may edit), a random source and the focus: the
step of each track that was under way when the test came nearest to a hole. It returns False where it
does not apply.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping

from dv_agent.agents import item_moves, payload_moves, timing_moves
from dv_agent.agents.ground import Focus, Ground, Tracks
from dv_agent.designs.stimulus import Step, Test

Move = Callable[[Ground, Tracks, random.Random, Focus], bool]
MAX_STEPS = 64
MOVES: Mapping[str, Move] = {
    "value": payload_moves.value,
    "value_everywhere": payload_moves.value_everywhere,
    "beat_count": payload_moves.beat_count,
    "gap": timing_moves.gap,
    "no_gaps": timing_moves.no_gaps,
    "new_item": item_moves.new_item,
    "copy_item": item_moves.copy_item,
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
            joined = (ours[:cut] + theirs[start:])[:MAX_STEPS]
        else:
            joined = source.choice((ours, theirs))
        if joined:
            tracks[name] = joined
    return Test(tracks=tracks, memory=source.choice((one.memory, other.memory)))


def trim(ground: Ground, test: Test, focus: Focus, before: int, after: int) -> Test:
    """Only the items from `before` steps before the focus to `after` steps behind it; timing tracks are kept."""
    tracks = dict(test.tracks)
    for name in ground.payload:
        if name in tracks and name in focus:
            tracks[name] = tracks[name][max(focus[name] - before, 0) : focus[name] + after + 1]
    return Test(tracks=tracks, memory=test.memory)
