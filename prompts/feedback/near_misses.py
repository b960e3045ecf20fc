"""How near a run has come to a hole, and which step of which test came nearest."""

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
    """A distance in parts that words can be made of.

    Attributes:
        missing: values for a value bin; members of a cross, or steps of a transition, that were not met.
        size: how many members or steps there are.
        residual: for a cross, how far the missing members' values were off; None where that is not known.
    """

    kind: Kind
    missing: int
    size: int
    residual: int | None


@dataclass(frozen=True, slots=True)
class StepText:
    """A step as it was written, cut short."""

    track: str
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class AttemptText:
    """The best attempt at a hole; `number` is the test's place in the last turn, None if it ran earlier."""

    test: str
    number: int | None
    steps: tuple[StepText, ...]


def hole_distance(hole: Hole) -> Distance | None:
    """How near any test came, or None where nothing was measured."""
    if hole.distance is None:
        return None
    return Distance(hole.kind, hole.distance, len(hole.parts), hole.residual)


def near_distance(one: Bin, near: Near) -> Distance:
    """How near one test came; undoes `dv_agent.coverage.contribution.closeness`."""
    missing = int(near.distance)
    share = near.distance - missing
    residual = round(share / (1 - share))
    size = len(one.members) or len(one.values)
    return Distance(one.kind, missing, size, residual if residual < _FAR else None)


def attempts(view: View) -> Mapping[int, Attempt]:
    """Index of a hole -> the test that came nearest, where the view knows it: the last turn's before an older one."""
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
    """The steps that were under way when the test came nearest."""
    return AttemptText(
        test=compact_json(attempt.test.name, 60),
        number=next((place for place, outcome in enumerate(view.last) if outcome.test is attempt.test), None),
        steps=tuple(
            StepText(track, index, compact_json(attempt.test.tracks[track][index], STEP_MOST))
            for track, index in sorted(attempt.near.steps.items())
            if index < len(attempt.test.tracks.get(track, ()))
        ),
    )
