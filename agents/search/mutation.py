"""Mutation of one literal test into a slightly different one, as the search agent does with its corpus.

A move takes the tracks of a test (plain lists that it may edit), a random source and the focus: the step of each track
that was being driven when the test came nearest to a hole. It returns False where it does not apply.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from dv_agent.agents.search import item_moves, payload_moves, timing_moves
from dv_agent.agents.search.move_sites import Focus, MoveSites, Tracks, unshared_copy
from dv_agent.designs.language.schema import grammar_of
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.program import RESET_TRACK

Move = Callable[[MoveSites, Tracks, random.Random, Focus], bool]
Span = tuple[int, int]
MAX_STEPS = 64
CROSSED_STEPS = 4
MOVES: Mapping[str, Move] = {
    "value": payload_moves.value,
    "value_everywhere": payload_moves.value_everywhere,
    "beat_count": payload_moves.beat_count,
    "stretch": payload_moves.stretch,
    "ramp": payload_moves.ramp,
    "template": payload_moves.template,
    "shift": payload_moves.shift,
    "reorder": payload_moves.reorder,
    "copy_beat": payload_moves.copy_beat,
    "long_gap": timing_moves.long_gap,
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
WHEN_MOVES = frozenset({"timing", "new_timing", "reset", "gap", "long_gap", "no_gaps"})
TIMED_MOVES = frozenset({"timing", "new_timing", "reset"})
ITEM_MOVES = frozenset({"gap", "long_gap", "no_gaps", "new_item", "copy_item", "copy_run", "drop_item", "swap_items"})
"""Moves that are not useful on a single item."""


def mutate(sites: MoveSites, test: Test, move: str, source: random.Random, focus: Focus) -> Test | None:
    """Return a mutated copy of a literal test of at most `MAX_STEPS` steps a track; None if `move` does not apply."""
    tracks: Tracks = {name: unshared_copy(steps) for name, steps in test.tracks.items()}
    if not MOVES[move](sites, tracks, source, focus):
        return None
    kept = {name: tuple(steps[:MAX_STEPS]) for name, steps in tracks.items() if steps}
    return Test(tracks=kept, memory=test.memory)


def cross(sites: MoveSites, one: Test, other: Test, source: random.Random) -> Test:
    """Return a test with the head of one and the tail of the other on payload tracks; other tracks from either."""
    tracks: dict[str, tuple[Step, ...]] = {}
    for name in sites.schema.tracks:
        ours, theirs = one.tracks.get(name, ()), other.tracks.get(name, ())
        if name in sites.payload and ours and theirs:
            cut, start = source.randint(0, len(ours)), source.randrange(len(theirs))
            joined = ours[max(cut - CROSSED_STEPS, 0) : cut] + theirs[start : start + CROSSED_STEPS]
        else:
            joined = source.choice((ours, theirs))
        if joined:
            tracks[name] = joined
    return Test(tracks=tracks, memory=source.choice((one.memory, other.memory)))


def head_cut(sites: MoveSites, test: Test, focus: Focus, source: random.Random) -> tuple[Test, Focus]:
    """Keep only a few items before the focus; other tracks lose the same time from their front, or are removed."""
    tracks: dict[str, tuple[Step, ...]] = {}
    moved = dict(focus)
    before, drop = source.choice((0, 1, 2, 4, 8)), source.random() < 0.3
    for name in sites.payload:
        if test.tracks.get(name):
            first = max(focus.get(name, 0) - before, 0)
            tracks[name], moved[name] = test.tracks[name][first:], focus.get(name, 0) - first
    whole = Test(tracks=tracks)
    share = sites.size(whole) / max(sites.size(test), 1)
    for name, steps in test.tracks.items():
        if name == RESET_TRACK:
            tracks[name] = tuple(
                {**step, "idle": max(1, round(step["idle"] * share))} if "idle" in step else step for step in steps
            )
        elif name not in sites.payload and not (drop and source.random() < 0.5):
            first = round(len(steps) * (1 - share))
            tracks[name], moved[name] = steps[first:], max(focus.get(name, 0) - first, 0)
    return Test(tracks={name: steps for name, steps in tracks.items() if steps}, memory=test.memory), moved


def tail_cut(sites: MoveSites, test: Test, focus: Focus, more: int = 0) -> Test:
    """Keep every track up to the step at the focus, and up to `more` steps after it; no reset that comes later."""
    tracks = {}
    for name, steps in test.tracks.items():
        if more and name != RESET_TRACK:
            tracks[name] = steps[: focus.get(name, -1) + 1 + more]
            continue
        if end := _end(sites, name, steps, focus):
            tracks[name] = steps[:end]
    return Test(tracks=tracks, memory=test.memory)


def _end(sites: MoveSites, name: str, steps: Sequence[Step], focus: Focus) -> int:
    """Return how many steps of a track there are up to the one at the focus, without passive ones at the end."""
    end, passive = focus[name] + 1 if name in focus else 0, grammar_of(sites.design, name).passive
    while end and not passive.isdisjoint(steps[end - 1]):
        end -= 1
    return end


class CutSizes:
    """The sizes of a test that is cut at many places; its steps are counted once."""

    def __init__(self, sites: MoveSites, test: Test) -> None:
        self._sites, self._test = sites, test

    def of(self, focus: Focus) -> int:
        """Return ``sites.size(tail_cut(sites, test, focus))``."""
        tracks = self._test.tracks
        return sum(sums[_end(self._sites, name, tracks[name], focus)] for name, sums in self._sums.items())

    @cached_property
    def _sums(self) -> dict[str, list[int]]:
        sites, tracks = self._sites, self._test.tracks
        return {
            name: [0, *accumulate(sites.step_size(name, step) for step in tracks[name])]
            for name in sites.payload
            if name in tracks
        }


def snippet(sites: MoveSites, test: Test, focus: Focus, before: int, bare: bool = False) -> tuple[Test, Focus]:
    """Return only the item at the focus of each payload track and `before` items before it; `bare`: without gaps."""
    tracks: dict[str, list[Step]] = {}
    moved = {}
    for name in sites.payload:
        steps = test.tracks.get(name, ())
        if steps and name in focus:
            first = max(focus[name] - before, 0)
            tracks[name], moved[name] = list(steps[first : focus[name] + 1]), focus[name] - first
    if bare:
        tracks = {name: unshared_copy(steps) for name, steps in tracks.items()}
        timing_moves.no_gaps(sites, tracks, random.Random(0), {})
    return Test(tracks={name: tuple(steps) for name, steps in tracks.items()}, memory=test.memory), moved


def chain(sites: MoveSites, tests: Sequence[Test]) -> tuple[Test, list[dict[str, Span]]]:
    """Put the items of several tests one after another, all else idle: one drain at the end instead of many.

    Returns:
        The test, and the position of the steps of each part in it.
    """
    tracks: dict[str, list[Step]] = {name: [] for name in sites.payload}
    spans: list[dict[str, Span]] = []
    for test in tests:
        span = {}
        for name, steps in tracks.items():
            start = len(steps)
            steps.extend(test.tracks.get(name, ()))
            span[name] = (start, len(steps))
        spans.append(span)
    return Test(tracks={name: tuple(steps) for name, steps in tracks.items() if steps}, memory=tests[0].memory), spans
