"""Coverage holes in detail: the smallest distance reached, by which test, and how often the parts of a cross were
hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dv_agent.agents.turn import NearRecord
from dv_agent.coverage.holes import Family, Hole, PartHits, families, holes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.distance import FARTHEST
from dv_agent.coverage.structure import TIERS
from dv_agent.eval.report.data.recorded_coverage import RecordedCoverage
from dv_agent.eval.report.data.run_data import RunData, TestData
from dv_agent.eval.report.wording import listed, number, plural

_PLACEHOLDER = re.compile(r"\{\w+\}")
SHOWN = 40
NAMED = 200
OPEN_BELOW = 13
"""With fewer holes than this, all families are unfolded."""


@dataclass(frozen=True, slots=True)
class Story:
    """One hole and how near the run came to it.

    Attributes:
        near: the smallest distance, in words.
        nearest: the test with the smallest distance; None if no distance was measured.
        step: the step that was driven at that moment, if the record has it.
        tried: the turns in which the smallest distance fell, if the record has them.
    """

    name: str
    tier: str
    description: str
    near: str
    parts: tuple[PartHits, ...]
    nearest: int | None
    nearest_name: str
    nearest_turn: int | None
    step: str
    tried: str


@dataclass(frozen=True, slots=True)
class StoryFamily:
    """The holes of one coverpoint or cross, nearest first; `rest` names holes that have no row."""

    name: str
    about: str
    bins: int
    open_bins: int
    tiers: tuple[tuple[str, int], ...]
    stories: tuple[Story, ...]
    has_parts: bool
    rest: str
    unfolded: bool


def stories(run: RunData, plan: Plan, found: RecordedCoverage) -> tuple[StoryFamily, ...]:
    """Return the holes of a run, grouped by coverpoint or cross, in plan order."""
    if found.coverage is None:
        return ()
    tests = {test.index: test for test in run.tests}
    tried = _tried(run, plan)
    every = holes(plan, found.coverage)
    return tuple(
        _family(one, tests, tried if found.measured else {}, found.measured, len(every) < OPEN_BELOW)
        for one in families(plan, every)
    )


def nearness(hole: Hole) -> str:
    """Return the distance of a hole in words."""
    if not hole.observable:
        return "no test showed the events that it is sampled on"
    if hole.distance is None:
        return "never sampled"
    if hole.distance == 0:
        return f"hit {hole.hits:,} of {hole.at_least:,} times"
    if hole.kind == "cross":
        return _cross_words(len(hole.parts), hole.distance, hole.residual)
    if hole.kind == "transition":
        return f"{len(hole.parts) - hole.distance} of its {len(hole.parts)} steps were seen in a row"
    return f"the nearest value was {_far(hole.distance)} away"


def general(description: str) -> str:
    """Return the description of an item, with an ellipsis in place of the text that differs from bin to bin."""
    return _PLACEHOLDER.sub("…", description)


def _cross_words(size: int, missing: int, residual: int | None) -> str:
    if missing == size:
        return f"none of its {size} parts was met" + ("" if residual is None else f"; nearest, {_far(residual)} away")
    which = "the missing one was" if missing == 1 else f"the {missing} missing ones together were"
    off = "" if residual is None else f"; {which} {_far(residual)} away"
    return f"{size - missing} of {size} parts met at once{off}"


def _far(distance: int) -> str:
    return "very far" if distance >= FARTHEST else number(distance)


def _family(
    family: Family,
    tests: Mapping[int, TestData],
    tried: Mapping[str, list[tuple[TestData, NearRecord]]],
    measured: bool,
    unfolded: bool,
) -> StoryFamily:
    ordered = sorted(family.holes, key=_closest)
    tiers = [hole.tier for hole in ordered]
    return StoryFamily(
        name=f"{family.covergroup}.{family.item}",
        about=_about(family),
        bins=family.bins,
        open_bins=len(ordered),
        tiers=tuple((tier, tiers.count(tier)) for tier in TIERS if tier in tiers),
        stories=tuple(_story(hole, tests, tried.get(hole.bin, []), measured) for hole in ordered[:SHOWN]),
        has_parts=measured and any(hole.parts for hole in ordered),
        rest=listed((hole.name for hole in ordered[SHOWN:]), NAMED),
        unfolded=unfolded,
    )


def _about(family: Family) -> str:
    return general(family.description or (family.holes[0].description if len(family.holes) == 1 else ""))


def _closest(hole: Hole) -> tuple[bool, int, int]:
    return hole.distance is None, hole.distance or 0, hole.residual or 0


def _story(
    hole: Hole, tests: Mapping[int, TestData], tried: list[tuple[TestData, NearRecord]], measured: bool
) -> Story:
    name = hole.nearest_test
    index = int(name) if measured and name and name.isdecimal() else None
    test = tests.get(index) if index is not None else None
    best = next((near for one, near in reversed(tried) if one.index == index), None)
    return Story(
        name=hole.name,
        tier=hole.tier,
        description=hole.description,
        near=nearness(hole) if measured else "not recorded",
        parts=hole.parts if measured else (),
        nearest=index,
        nearest_name=test.name if test else "",
        nearest_turn=None if hole.nearest_turn is None or not measured else hole.nearest_turn + 1,
        step=_step(best) if best else "",
        tried=_turns(test.turn + 1 for test, _ in tried),
    )


def _tried(run: RunData, plan: Plan) -> dict[str, list[tuple[TestData, NearRecord]]]:
    """Return bin id -> the tests that came nearer to it than every earlier test."""
    found: dict[str, list[tuple[TestData, NearRecord]]] = {}
    for test in run.tests:
        for near in test.near:
            name = _bin_id(plan, near.bin)
            past = found.setdefault(name, [])
            if not past or near.distance < past[-1][1].distance:
                past.append((test, near))
    return found


def _bin_id(plan: Plan, index: int) -> str:
    return plan.bins[index].id if 0 <= index < len(plan.bins) else ""


def _step(near: NearRecord) -> str:
    return ", ".join(f"step {step} of {track}" for track, step in sorted(near.steps.items()))


def _turns(turns: Iterable[int]) -> str:
    distinct = list(dict.fromkeys(turns))
    return f"{plural(len(distinct), 'turn')}: {listed(map(str, distinct), 12)}" if distinct else ""
