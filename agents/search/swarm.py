"""Random tests of the search agent; swarm testing restricts some fields to few values: rare combinations get common."""

from __future__ import annotations

import random
from typing import Any

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.baselines.crv import crv_test
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, grammar_of
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.program import RESET_TRACK

SWARM_ITEMS = (1, 2, 4, 8)
NARROWED = 0.5
"""Share of the tests with resets whose fields are narrowed."""


def of_blocks(design: Design, schema: StimulusSchema, kind: str, source: random.Random) -> Test:
    """Return a test of random blocks, as the source `kind` of the search agent draws it."""
    if kind == "phases":
        return crv_test(design, schema, source)
    test = random_test(design, schema, source)
    if kind == "swarm":
        return narrowed(design, schema, shortened(test, source.choice(SWARM_ITEMS), source), source)
    if kind == "resets":
        return with_resets(narrowed(design, schema, test, source) if source.random() < NARROWED else test, source)
    return test


def shortened(test: Test, most: int, source: random.Random) -> Test:
    """Return `test` (of random blocks) with at most `most` items a block: small tests teach more per cycle."""
    tracks: dict[str, tuple[Step, ...]] = {}
    for name, steps in test.tracks.items():
        count = source.randint(1, most)
        tracks[name] = tuple({"random": {**step["random"], "count": count}} for step in steps)
    return Test(seed=test.seed, tracks=tracks, memory=test.memory)


def narrowed(design: Design, schema: StimulusSchema, test: Test, source: random.Random) -> Test:
    """Return `test` (of random blocks) with payload fields and packet lengths narrowed, gaps and timing tracks removed.

    Each of these happens with probability 1/2.
    """
    tracks: dict[str, tuple[Step, ...]] = {}
    odds = source.choice((0.0, 0.3, 0.6))
    for name, steps in test.tracks.items():
        ranges = _ranges(design, schema, name)
        if not ranges and source.random() < 0.5:
            continue
        block = dict(steps[0].get("random", {}))
        for key, (low, high) in ranges.items():
            if source.random() < odds:
                block[key] = narrow(low, high, source)
        if ranges and source.random() < 0.5:
            block["gap"] = 0
        tracks[name] = ({"random": block},)
    return Test(seed=test.seed, tracks=tracks, memory=test.memory)


def with_resets(test: Test, source: random.Random) -> Test:
    """Return `test` (of random blocks) with a few resets in mid-test, at distances that are often short."""
    block = {"count": [1, 4], "wait": [1, source.choice((20, 60, 200))], "width": [1, 3]}
    return Test(seed=test.seed, tracks={**test.tracks, RESET_TRACK: ({"random": block},)}, memory=test.memory)


def narrow(low: int, high: int, source: random.Random) -> Any:
    """Return a distribution over few values of ``low..high``: one, a corner, two or three, or a short range."""
    corners = (low, high, min(max(0, low), high), min(max(1, low), high))
    kind = source.randrange(5)
    if kind == 0:
        return source.randint(low, high)
    if kind == 1:
        return {"set": [source.choice(corners), source.choice(corners)]}
    if kind == 2:
        return {"set": [source.randint(low, high) for _ in range(source.randint(2, 3))]}
    first = source.randint(low, high)
    span = max(1, (high - low) // source.choice((4, 16, 64)))
    if kind == 3:
        return [first, min(first + span, high)]
    return {"weights": [[source.choice(corners), 1], [[first, min(first + span, high)], 1]]}


def _ranges(design: Design, schema: StimulusSchema, name: str) -> dict[str, tuple[int, int]]:
    grammar = grammar_of(design, name)
    ranges = {field: (spec.low, spec.high) for field, spec in grammar.fields.items()}
    if grammar.packets:
        beats = schema.tracks[name].beats
        ranges["beats"] = (beats.min, beats.max)
    return ranges
