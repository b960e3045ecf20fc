"""Results of the tests of the last turn, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dv_agent.coverage.plan import Plan
from dv_agent.prompts.feedback.bin_names import compact_names
from dv_agent.prompts.feedback.near_misses import STEP_MOST, Distance, attempts, near_distance
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.view import Near, Outcome, View

NAMES, FAMILIES, NEARS, STEPS, STEP_SHORT = 6, 8, 4, 6, 100


@dataclass(frozen=True, slots=True)
class NewBins:
    """Bins of one family that were covered first; `names` is empty if there are too many to list."""

    family: str
    count: int
    names: str


@dataclass(frozen=True, slots=True)
class NearText:
    """A hole to which a test came at least as near as any test before it."""

    bin: str
    distance: Distance
    steps: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step and the bins first covered while it was being driven; an empty `new` means none."""

    track: str
    index: int
    text: str
    new: tuple[NewBins, ...]
    more: int


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of one test; `steps` are those shown, `silent` is the number of the others."""

    __test__ = False

    index: int
    name: str
    end: str
    cycles: int
    ending: str
    new: int
    steps: tuple[StepResult, ...]
    silent: int
    near: tuple[NearText, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """A failing test of the last turn."""

    index: int
    name: str
    lines: tuple[str, ...]


def test_results(view: View) -> tuple[TestResult, ...]:
    """Return the results of all tests of the last turn, in order."""
    best = {index: one.near for index, one in attempts(view).items()}
    results = []
    for place, outcome in enumerate(view.last):
        nears = [near for near in outcome.near if best.get(near.bin) is near]
        results.append(_result(view.plan, place, outcome, nears))
    return tuple(results)


def failing_tests(view: View) -> tuple[Failing, ...]:
    """Return the tests of the last turn that failed a check."""
    return tuple(
        Failing(place, compact_json(outcome.test.name, 60), tuple(line[:300] for line in outcome.failures[:4]))
        for place, outcome in enumerate(view.last)
        if outcome.failures
    )


def _result(plan: Plan, place: int, outcome: Outcome, nears: Sequence[Near]) -> TestResult:
    steps, silent = _steps(plan, outcome)
    nearest = sorted(nears, key=lambda near: near.distance)[:NEARS]
    return TestResult(
        index=place,
        name=compact_json(outcome.test.name, 60),
        end=outcome.end,
        cycles=outcome.cycles,
        ending=outcome.ended,
        new=len(outcome.new_bins),
        steps=steps,
        silent=silent,
        near=tuple(_near(plan, near) for near in nearest),
    )


def _near(plan: Plan, near: Near) -> NearText:
    one = plan.bins[near.bin]
    return NearText(one.id, near_distance(one, near), tuple(sorted(near.steps.items())))


def _steps(plan: Plan, outcome: Outcome) -> tuple[tuple[StepResult, ...], int]:
    """Return the steps that covered something first, then others up to the limit."""
    gained = {(track, step): bins for track, step, bins in outcome.by_step}
    written = [(track, step) for track, steps in outcome.test.tracks.items() for step in range(len(steps))]
    ranked = sorted(written, key=lambda key: -len(gained.get(key, ())))[:STEPS]
    results = [
        _step(plan, outcome, track, step, gained.get((track, step), ()))
        for track, step in written
        if (track, step) in set(ranked)
    ]
    return tuple(results), len(written) - len(results)


def _step(plan: Plan, outcome: Outcome, track: str, step: int, bins: Sequence[int]) -> StepResult:
    groups = groupby(sorted(bins), key=lambda index: plan.item_of[index])
    new = [_new(plan, int(item), list(members)) for item, members in groups]
    most = STEP_MOST if bins else STEP_SHORT
    return StepResult(
        track,
        step,
        compact_json(outcome.test.tracks[track][step], most),
        tuple(new[:FAMILIES]),
        max(0, len(new) - FAMILIES),
    )


def _new(plan: Plan, item: int, bins: Sequence[int]) -> NewBins:
    one = plan.items[item]
    named = [plan.bins[index] for index in bins]
    names = compact_names(named) if len(named) <= NAMES else ""
    return NewBins(f"{one.covergroup}.{one.name}", len(named), names)
