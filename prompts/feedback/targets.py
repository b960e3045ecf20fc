"""Selection of the holes that a prompt shows in detail, and the details shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.contribution import closeness
from dv_agent.coverage.holes import Hole, families
from dv_agent.coverage.structure import TIERS, Tier
from dv_agent.prompts.closer_look import Closer
from dv_agent.prompts.feedback.near_misses import (
    NOTHING,
    AttemptText,
    Distance,
    apart_words,
    attempt_text,
    attempts,
    hole_distance,
)
from dv_agent.prompts.feedback.step_texts import NO_ROOM, StepRoom, step_room
from dv_agent.prompts.view import Played, View

MAX_PARTS = 8


@dataclass(frozen=True, slots=True)
class PartText:
    """A member of a cross or a step of a transition, and how often it was hit on its own."""

    label: str
    hits: int


@dataclass(frozen=True, slots=True)
class Target:
    """A hole in detail; `distance` is None if nothing was measured, `apart` is how many cycles missed it."""

    bin: str
    tier: Tier
    description: str
    hits: int
    at_least: int
    observable: bool
    distance: Distance | None
    parts: tuple[PartText, ...]
    attempt: AttemptText | None
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A hole without progress; `since`: turns since a test last came nearer to it, None if none ever did."""

    target: Target
    since: int | None

    @property
    def bin(self) -> str:
        """Return its id."""
        return self.target.bin


def targets(view: View, most: int, results: bool = True) -> tuple[Target, ...]:
    """Return at most `most` holes, one per family in turn: the nearest first, easy tiers before hard ones.

    Args:
        results: whether the prompt shows the steps of the last turn's tests in their results.
    """
    room = room_of(view, most)
    return _said_once(_looked_at(view, _chosen(view, most), room), results)


def _looked_at(view: View, chosen: Sequence[Hole], room: StepRoom = NO_ROOM) -> list[Target]:
    """Return holes in detail, with a closer look at their nearest samples."""
    known = attempts(view)
    indices = [view.plan.index(hole.bin) for hole in chosen]
    unknown = [index for hole, index in zip(chosen, indices, strict=True) if index not in known and hole.observable]
    played = [Played(outcome.test, outcome.cycles) for outcome in view.last]
    closer = {
        **view.look.closer({index: known[index] for index in indices if index in known}),
        **view.look.unsampled(unknown, played),
    }
    return [in_detail(view, hole, room, closer.get(at, NOTHING)) for hole, at in zip(chosen, indices, strict=True)]


def room_of(view: View, most: int) -> StepRoom:
    """Return the room of the steps behind the nearest samples of the holes that `targets` returns."""
    known = attempts(view)
    indices = (view.plan.index(hole.bin) for hole in _chosen(view, most))
    return step_room(known[index] for index in indices if index in known)


def _said_once(found: Sequence[Target], results: bool) -> tuple[Target, ...]:
    """Return the holes without the text of a step that the results show, or that a hole before has told."""
    told: set[tuple[str, str, int]] = set()
    made = []
    for one in found:
        if one.attempt is None:
            made.append(one)
            continue
        known = results and one.attempt.number is not None
        steps = []
        for step in one.attempt.steps:
            place = (one.attempt.test, step.track, step.index)
            steps.append(replace(step, text="") if known or place in told else step)
            told.add(place)
        made.append(replace(one, attempt=replace(one.attempt, steps=tuple(steps))))
    return tuple(made)


def stuck(view: View, most: int) -> tuple[Stuck, ...]:
    """Return at most `most` holes: first those tried for longest without progress; ties by distance."""
    known = attempts(view)
    tried = [(known[index], hole) for hole in view.holes if (index := view.plan.index(hole.bin)) in known]
    oldest = sorted(tried, key=lambda one: (one[0].turn, _order(one[1])))[:most]
    shown = _looked_at(view, [hole for _, hole in oldest])
    found = [Stuck(one, view.turn - 1 - attempt.turn) for one, (attempt, _) in zip(shown, oldest, strict=True)]
    rest = [hole for hole in _chosen(view, len(view.holes)) if view.plan.index(hole.bin) not in known]
    return (*found, *(Stuck(in_detail(view, hole), None) for hole in rest[: most - len(found)]))


def in_detail(view: View, hole: Hole, room: StepRoom = NO_ROOM, closer: Closer = NOTHING) -> Target:
    """Return all details of one hole."""
    best = attempts(view).get(view.plan.index(hole.bin))
    near = best.near if best else None
    return Target(
        bin=hole.bin,
        tier=hole.tier,
        description=hole.description,
        hits=hole.hits,
        at_least=hole.at_least,
        observable=hole.observable,
        distance=hole_distance(view.plan, hole, near),
        parts=_parts(hole),
        attempt=attempt_text(view, best, room, closer) if best else None,
        apart=apart_words(closer),
    )


def _chosen(view: View, most: int) -> list[Hole]:
    # Points of code have no distance; they are a part of their own.
    measured = [one for one in families(view.plan, view.holes) if one.covergroup != CODE]
    queues = [_turned(sorted(one.holes, key=_order), view.turn) for one in measured]
    queues.sort(key=lambda queue: _order(queue[0]))
    rounds = [hole for row in zip_longest(*queues) for hole in row if hole is not None]
    return sorted(rounds[:most], key=_order)


def _turned(queue: list[Hole], turn: int) -> list[Hole]:
    """Keep the nearest hole first and rotate the others, so that a hole without progress does not block the rest."""
    first, rest = queue[:1], queue[1:]
    start = turn % len(rest) if rest else 0
    return first + rest[start:] + rest[:start]


def _order(hole: Hole) -> tuple[int, float]:
    far = float("inf") if hole.distance is None else closeness(hole.distance, hole.residual or 0)
    return TIERS.index(hole.tier), far


def _parts(hole: Hole) -> tuple[PartText, ...]:
    same: Sequence[list[PartText]] = [
        [PartText(f"({part.label})" if "," in part.label else part.label, part.hits) for part in run]
        for _, run in groupby(hole.parts, key=lambda part: (part.label, part.hits))
    ]
    shown = [run[0] for run in same]
    return tuple(sorted(shown, key=lambda part: part.hits)[:MAX_PARTS] if len(shown) > MAX_PARTS else shown)
