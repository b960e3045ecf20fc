"""The smallest distance of a run to a hole in words, and the test and step that reached it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dv_agent.coverage.contribution import closeness
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Bin, Kind
from dv_agent.coverage.values import ValueSet
from dv_agent.prompts.closer_look import Closer, Moved
from dv_agent.prompts.feedback.named_codes import are_codes
from dv_agent.prompts.feedback.step_texts import StepRoom
from dv_agent.prompts.text.test_names import quoted_name
from dv_agent.prompts.view import Attempt, Near, View

MOST_UNMET = 3
WANTED_MOST = 60
NOTHING = Closer()


@dataclass(frozen=True, slots=True)
class Unmet:
    """A member of a cross, a value or a step of a transition that was not met: the value that came instead."""

    name: str
    seen: int
    wanted: str


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, split into the values that are put into words.

    Attributes:
        missing: for a value bin the distance in values; otherwise the number of members of a cross, or steps of a
            transition, that were not met.
        size: total number of members or steps.
        unmet: what was not met at the nearest sample; empty if that is not known.
        measured: false for a value of which no other is nearer than another, such as the result of a comparison.
    """

    kind: Kind
    missing: int
    size: int
    unmet: tuple[Unmet, ...] = ()
    measured: bool = True

    @property
    def words(self) -> str:
        """Return it as text."""
        if self.kind == "value":
            if not self.measured:
                return "not hit yet"
            came = [f"nearest value {one.seen}, wanted {one.wanted}" for one in self.unmet]
            return came[0] if came else f"nearest value off by {self.missing}"
        met = self.size - self.missing
        if self.kind == "transition":
            return f"{met} of {self.size} steps in a row" + "".join(
                f", then {one.seen} instead of {one.wanted}" for one in self.unmet
            )
        text = f"{met} of {self.size} members met on one sample"
        if not self.unmet:
            return text
        if len(self.unmet) > MOST_UNMET:
            return f"{text}, not {', '.join(one.name for one in self.unmet)}"
        return f"{text}; {', '.join(f'{one.name} was {one.seen}, wanted {one.wanted}' for one in self.unmet)}"


@dataclass(frozen=True, slots=True)
class StepText:
    """A step as it was written, perhaps shortened; an empty text if it stands in the results of the last turn.

    Attributes:
        item: which of its items was under way, and its loop variables, if the step makes several.
    """

    track: str
    index: int
    text: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class AttemptText:
    """The best attempt at a hole.

    Attributes:
        number: the test's position in the last turn; None if it ran earlier.
        cycle: of its nearest sample; 0 if that is not known.
    """

    test: str
    number: int | None
    steps: tuple[StepText, ...]
    cycle: int = 0


def hole_distance(plan: Plan, hole: Hole, near: Near | None) -> Distance | None:
    """Return how near any test came, or None if nothing was measured; `near` is the best attempt, if it is known."""
    if hole.distance is None:
        return None
    one = plan.bins[plan.index(hole.bin)]
    if near is None:
        return Distance(hole.kind, hole.distance, len(hole.parts), measured=_is_measured(plan, one))
    return near_distance(plan, near)


def near_distance(plan: Plan, near: Near) -> Distance:
    """Return how near one test came."""
    one = plan.bins[near.bin]
    size = len(one.members) or len(one.values)
    return Distance(one.kind, int(near.distance), size, tuple(_unmet(plan, one, near)), _is_measured(plan, one))


def _unmet(plan: Plan, one: Bin, near: Near) -> Iterator[Unmet]:
    if not near.seen:
        return
    if one.kind != "cross":
        met = len(one.values) - int(near.distance) if one.kind == "transition" else 0
        if met < len(one.values) and near.seen[0] not in one.values[met]:
            yield Unmet(one.item, near.seen[0], _wanted(one.values[met]))
        return
    group = plan.covergroup_of(one)
    of = next(cross.of for cross in group.crosses if cross.name == one.item)
    points = {point.name: point for point in group.coverpoints}
    for name, member, seen in zip(of, one.members, near.seen, strict=True):
        values = next(inner.values[0] for inner in points[name].bins if inner.name == member)
        if seen not in values:
            yield Unmet(name, seen, _wanted(values))


def _wanted(values: ValueSet) -> str:
    text = str(values)
    return text if len(text) <= WANTED_MOST else f"{text[:WANTED_MOST]}..."


def _is_measured(plan: Plan, one: Bin) -> bool:
    if one.kind != "value":
        return True
    found = next(point for point in plan.covergroup_of(one).coverpoints if point.name == one.item)
    return found.ordered and found.of.is_amount and not are_codes(found)


def attempts(view: View) -> Mapping[int, Attempt]:
    """Return hole index -> the test that came nearest, if the view has it: one of the last turn before an older one."""
    best = {view.plan.index(hole.bin): _closeness(hole) for hole in view.holes}
    found: dict[int, Attempt] = {}
    for outcome in view.last:
        for near in outcome.near:
            if near.bin not in found and near.distance <= best.get(near.bin, -1.0):
                found[near.bin] = Attempt(outcome.test, near, view.turn - 1, outcome.cycles)
    return {**view.nearest, **found}


def _closeness(hole: Hole) -> float:
    return math.inf if hole.distance is None else closeness(hole.distance, hole.residual or 0)


def attempt_text(view: View, attempt: Attempt, room: StepRoom, closer: Closer = NOTHING) -> AttemptText:
    """Return the steps that were under way when the test came nearest."""
    test = attempt.test
    return AttemptText(
        test=quoted_name(test.name),
        number=next((place for place, outcome in enumerate(view.last) if outcome.test is test), None),
        steps=tuple(
            StepText(track, index, room.text(test, track, index), _item(closer, track))
            for track, index in sorted(attempt.near.steps.items())
            if index < len(test.tracks.get(track, ()))
        ),
        cycle=attempt.near.cycle,
    )


def _item(closer: Closer, track: str) -> str:
    if track not in closer.items:
        return ""
    loops = (f"{name} = {value}" for name, value in closer.loops.get(track, {}).items())
    return ", ".join((f"#{closer.items[track]}", *loops))


def _moved_words(one: Moved) -> str:
    sides = ["0"] if one.before == 0 else []
    sides += [f"-{one.before}"] if one.before else []
    return " ".join((one.port, *sides, *([f"+{one.after}"] if one.after else [])))


def apart_words(closer: Closer) -> str:
    """Return how many cycles apart the conditions of a bin were met, or what moved around the sample; else nothing."""
    if closer.apart is None:
        told = ", ".join(_moved_words(one) for one in closer.moved)
        return f"cycles to transfers: {told}" if told else ""
    names, other, gap = ", ".join(closer.apart.unmet), closer.apart.other, closer.apart.other - closer.apart.cycle
    cycles = f"{abs(gap)} cycle{'s' if abs(gap) > 1 else ''} {'after' if gap > 0 else 'before'}"
    test = "" if closer.test is None else f" of test {closer.test} of the last turn"
    return f"{names} met {cycles} the rest at best, in cycle {other}{test}"
