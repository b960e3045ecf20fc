"""Mutation moves of the search agent that add, repeat, remove and reorder items."""

from __future__ import annotations

import copy
import random

from dv_agent.agents.search.move_sites import Focus, MoveSites, Tracks, near_focus


def new_item(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Insert random items near the focus."""
    if not sites.payload:
        return False
    name = source.choice(list(sites.payload))
    steps = tracks.setdefault(name, [])
    place = near_focus(len(steps), focus.get(name), source)
    steps[place:place] = sites.drawn(name, source.choice((1, 1, 2, 4)), source)
    return True


def copy_item(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Repeat an item."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    steps = tracks[place[0]]
    copies = [copy.deepcopy(steps[place[1]]) for _ in range(source.choice((1, 1, 2, 5)))]
    steps[place[1] : place[1]] = copies
    return True


def copy_run(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Repeat a run of two to four neighbouring items."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    steps, end = tracks[place[0]], place[1] + 1
    run = steps[max(end - source.choice((2, 2, 3, 4)), 0) : end]
    steps[end:end] = [copy.deepcopy(step) for _ in range(source.choice((1, 2, 3))) for step in run]
    return True


def drop_item(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Remove some steps of one track."""
    names = [name for name, steps in tracks.items() if len(steps) > 1]
    if not names:
        return False
    steps = tracks[source.choice(names)]
    start = source.randrange(len(steps))
    del steps[start : start + source.choice((1, 1, 1, 3, 8))]
    return True


def swap_items(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Exchange two items."""
    names = [name for name in sites.payload if len(tracks.get(name, ())) > 1]
    if not names:
        return False
    steps = tracks[source.choice(names)]
    one, two = source.sample(range(len(steps)), 2)
    steps[one], steps[two] = steps[two], steps[one]
    return True
