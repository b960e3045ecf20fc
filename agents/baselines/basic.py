"""Agents without a model: the floor (`null`, `random`), the ceiling (`oracle`), and a scripted one for tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from dv_agent.agents.proposal import Proposal
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import NO_PROFILE, StimulusSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.view import View

BATCH = 16


class NullAgent:
    """Proposes one empty test: what reset and silence alone cover."""

    name = "null"

    def propose(self, view: View) -> Proposal:
        """One empty test, then nothing."""
        return Proposal(tests=(Test(name="silence"),) if view.turn == 0 else (), done=view.turn > 0)


class RandomAgent:
    """Draws every test from the profiles of the design's stimulus schema.

    Each track of each test picks a profile by the schema's `use` weights and is one random block, so
    data, gaps, stalls, resets and configuration all vary. The stream depends on `seed` and the turn only.
    """

    name = "random"

    def __init__(self, seed: int, batch: int = BATCH) -> None:
        self._seed, self._batch = seed, batch

    def propose(self, view: View) -> Proposal:
        """`batch` random tests."""
        source = random.Random(f"random/{self._seed}/{view.turn}")
        return Proposal(tests=tuple(random_test(view.design, view.schema, source) for _ in range(self._batch)))


class OracleAgent:
    """Replays the witnesses of a design: the only agent that sees them, and the ceiling of every score."""

    name = "oracle"

    def __init__(self, witnesses: Sequence[Test], batch: int = BATCH) -> None:
        self._witnesses, self._batch = tuple(witnesses), batch

    def propose(self, view: View) -> Proposal:
        """The next `batch` witnesses."""
        start = view.turn * self._batch
        tests = self._witnesses[start : start + self._batch]
        return Proposal(tests=tests, done=start + self._batch >= len(self._witnesses))


class ScriptedAgent:
    """Proposes what it was given, turn by turn: for tests and demonstrations."""

    name = "scripted"

    def __init__(self, turns: Sequence[Sequence[Test]]) -> None:
        self._turns = tuple(tuple(tests) for tests in turns)

    def propose(self, view: View) -> Proposal:
        """The tests of this turn."""
        tests = self._turns[view.turn] if view.turn < len(self._turns) else ()
        return Proposal(tests=tests, done=view.turn + 1 >= len(self._turns))


def random_test(design: Design, schema: StimulusSchema, source: random.Random) -> Test:
    """One test of random blocks, a profile chosen for every track."""
    tracks: dict[str, tuple[Step, ...]] = {}
    for name, track in schema.tracks.items():
        profiles = track.use or {"default": 1.0}
        profile = source.choices(list(profiles), list(profiles.values()))[0]
        if profile == NO_PROFILE:
            continue
        block: dict[str, Any] = {} if profile == "default" else {"profile": profile}
        default_count = "count" not in {**track.profiles.get("default", {}), **track.profiles.get(profile, {})}
        if default_count and name != RESET_TRACK:
            block["count"] = 40
        tracks[name] = ({"random": block},)
    return Test(seed=source.getrandbits(48), tracks=tracks)
