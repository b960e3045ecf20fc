"""Mutation moves of the search agent that change timing: gaps, stalls, latencies, resets."""

from __future__ import annotations

import random

from dv_agent.agents.search.move_sites import SPREAD, Focus, MoveSites, Tracks, near_focus
from dv_agent.designs.program import RESET_TRACK


def gap(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Change the gap before one beat, or another number of a write."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    item = tracks[place[0]][place[1]]
    holder = item if sites.is_single(place[0]) else source.choice(sites.beats(place[0], item))
    numbers = sites.numbers(place[0])
    key = source.choice([*numbers]) if len(numbers) > 1 else "gap"
    least = numbers[key]
    old = holder.get(key, least)
    holder[key] = max(least, source.choice((0, old + source.choice(SPREAD), old - source.choice(SPREAD), 1)))
    return bool(holder[key] != old)


def long_gap(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Insert a gap of a power of two cycles before the first beat of an item."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    item = tracks[place[0]][place[1]]
    holder = item if sites.is_single(place[0]) else sites.beats(place[0], item)[0]
    holder["gap"] = 1 << source.randint(1, 8)
    return True


def no_gaps(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Remove all gaps, so that items are sent back to back."""
    changed = False
    for name in sites.payload:
        for step in tracks.get(name, ()):
            for holder in (step, *(sites.beats(name, step) if sites.is_item(name, step) else ())):
                changed |= bool(holder.pop("gap", 0))
    return changed


def timing(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Change one duration of a track that defines timing only."""
    names = [name for name in (*sites.timed, RESET_TRACK) if tracks.get(name)]
    if not names:
        return False
    name = source.choice(names)
    steps = tracks[name]
    index = near_focus(len(steps) - 1, focus.get(name), source)
    step = steps[index]
    key = next((key for key in step if isinstance(step[key], int)), None)
    if key is None:
        return False
    near = step[key] + source.choice((-1, 1)) * source.choice(SPREAD)
    step[key] = max(1, source.choice((near, near, 2 * step[key], step[key] // 2)))
    return True


def new_timing(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Draw a timing-only track again, or insert one of its keywords."""
    if not sites.timed:
        return False
    name = source.choice(sites.timed)
    words = sites.design.grammars[name].inserted
    if source.random() < 0.3 or not words:
        tracks[name] = sites.drawn(name, source.randint(1, 20), source)
        return True
    steps = tracks.setdefault(name, [])
    place = near_focus(len(steps), focus.get(name), source)
    steps[place:place] = [{source.choice(words): source.choice((1, 2, 4, 9, 20, 60))}]
    return True


def reset(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Move the reset by a few cycles, insert one at some position, or remove it."""
    if RESET_TRACK not in sites.design.tracks:
        return False
    steps = tracks.get(RESET_TRACK, [])
    waits = [step for step in steps if "idle" in step]
    kind = source.random()
    if waits and kind < 0.7:
        wait = waits[-1] if source.random() < 0.7 else source.choice(waits)
        wait["idle"] = max(1, wait["idle"] + source.choice((-1, 1)) * source.choice(SPREAD))
    elif waits and kind < 0.8:
        del tracks[RESET_TRACK]
    else:
        longest = source.choice((20, 100, 400))
        tracks[RESET_TRACK] = [{"idle": source.randint(1, longest)}, {"pulse": source.choice((1, 1, 2, 5))}]
    return True
