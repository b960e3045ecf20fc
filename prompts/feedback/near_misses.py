"""The smallest distance of a run to a hole, and the test and step that reached it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.coverage.contribution import closeness
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.structure import Bin, Kind
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.view import Attempt, Near, View

STEP_MOST = 160
_FAR = 1 << 40


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, split into the values that are put into words.

    Attributes:
        missing: for a value bin the distance in values; otherwise the number of members of a cross, or steps of a
            transition, that were not met.
        size: total number of members or steps.
        residual: for a cross, how far the values of the missing members were off; None if not known.
    """

    kind: Kind
    missing: int
    size: int
    residual: int | None


@dataclass(frozen=True, slots=True)
class StepText:
    """A step as it was written, shortened."""

    track: str
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class AttemptText:
    """The best attempt at a hole; `number` is the test's position in the last turn, None if it ran earlier."""

    test: str
    number: int | None
    steps: tuple[StepText, ...]


def hole_distance(hole: Hole) -> Distance | None:
    """Return how near any test came, or None if nothing was measured."""
    if hole.distance is None:
        return None
    return Distance(hole.kind, hole.distance, len(hole.parts), hole.residual)


def near_distance(one: Bin, near: Near) -> Distance:
    """Return how near one test came; the inverse of `dv_agent.coverage.contribution.closeness`."""
    missing = int(near.distance)
    share = near.distance - missing
    residual = round(share / (1 - share))
    size = len(one.members) or len(one.values)
    return Distance(one.kind, missing, size, residual if residual < _FAR else None)


def attempts(view: View) -> Mapping[int, Attempt]:
    """Return hole index -> the test that came nearest, if the view has it: one of the last turn before an older one."""
    best = {view.plan.index(hole.bin): _closeness(hole) for hole in view.holes}
    found: dict[int, Attempt] = {}
    for outcome in view.last:
        for near in outcome.near:
            if near.bin not in found and near.distance <= best.get(near.bin, -1.0):
                found[near.bin] = Attempt(outcome.test, near, view.turn - 1)
    return {**view.nearest, **found}


def _closeness(hole: Hole) -> float:
    return math.inf if hole.distance is None else closeness(hole.distance, hole.residual or 0)


def attempt_text(view: View, attempt: Attempt) -> AttemptText:
    """Return the steps that were being driven when the test came nearest."""
    return AttemptText(
        test=compact_json(attempt.test.name, 60),
        number=next((place for place, outcome in enumerate(view.last) if outcome.test is attempt.test), None),
        steps=tuple(
            StepText(track, index, compact_json(attempt.test.tracks[track][index], STEP_MOST))
            for track, index in sorted(attempt.near.steps.items())
            if index < len(attempt.test.tracks.get(track, ()))
        ),
    )
