"""Results of the tests of the last turn, step by step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import Test
from dv_agent.prompts.feedback.bin_names import compact_names
from dv_agent.prompts.feedback.near_misses import Distance, attempts, near_distance
from dv_agent.prompts.feedback.step_texts import STEP_MOST, StepRoom, places_text
from dv_agent.prompts.text.compact_json import compact_json, json_ends
from dv_agent.prompts.text.test_names import quoted_name
from dv_agent.prompts.view import Near, Outcome, View

NAMES, FAMILIES, NEARS, STEPS, STEP_SHORT = 6, 8, 4, 6, 100
TRACKS_MOST, ALL_TRACKS = 700, 8_000
"""Characters of a test on a track without a plan: on average, and at most."""
EARLIER_MOST, EARLIER_TRACKS = 2_400, 160
"""Characters of the list of the tests before the last turn, and of the tracks of one of them."""
FAILURES, FAILURE_MOST = 4, 300
FEW, EARLIER = 2, 4
"""A test with at most so many new bins is told which bins others took from it, of at most so many families."""


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
    """The result of one test.

    Attributes:
        steps, silent: the steps shown, and the places of the others.
        again: number of bins hit that were covered before.
        earlier: those of them that a test before it in the same turn covered, if the test covered few itself;
            `earlier_more` families of them are not shown.
        beside: what the test has beside its tracks: its seed and its memory.
    """

    __test__ = False

    index: int
    name: str
    end: str
    cycles: int
    ending: str
    new: int
    steps: tuple[StepResult, ...]
    silent: str
    near: tuple[NearText, ...]
    again: int = 0
    earlier: tuple[NewBins, ...] = ()
    earlier_more: int = 0
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Failing:
    """A failing test of the last turn."""

    index: int
    name: str
    lines: tuple[str, ...]


def test_results(view: View, room: StepRoom) -> tuple[TestResult, ...]:
    """Return the results of all tests of the last turn, in order; the steps that `room` holds as long as it says."""
    best = {index: one.near for index, one in attempts(view).items()}
    results, fresh = [], set[int]()
    for place, outcome in enumerate(view.last):
        nears = [near for near in outcome.near if best.get(near.bin) is near]
        results.append(_result(view.plan, place, outcome, nears, fresh, room))
        fresh.update(outcome.new_bins)
    return tuple(results)


def played_tests(view: View) -> tuple[str, ...]:
    """Return a line for each test of the last turn: how it ended, and what it was; nothing of what it covered.

    Short tests leave their room to long ones, of which both ends are told.
    """
    tracks = [one.test.data().get("tracks", {}) for one in view.last]
    most = _share([len(compact_json(one, ALL_TRACKS)) for one in tracks], TRACKS_MOST * len(tracks))
    return tuple(
        f"{quoted_name(one.test.name)}{_beside(one.test)}: {one.ended}; {json_ends(data, most)}"
        for one, data in zip(view.last, tracks, strict=True)
    )


def earlier_tests(view: View) -> tuple[tuple[str, ...], int]:
    """Return a line for each test of the turns before the last one, in order, and how many older ones are left out.

    A line tells both ends of the test, so that a model that remembers nothing knows what was tried.
    """
    lines = []
    for one in view.earlier:
        ends = json_ends(one.test.data().get("tracks", {}), EARLIER_TRACKS)
        lines.append(f"{quoted_name(one.test.name)}: {one.cycles} cycles; {ends}")
    room, shown = EARLIER_MOST, list[str]()
    for line in reversed(lines):
        room -= len(line)
        if room < 0:
            break
        shown.insert(0, line)
    return tuple(shown), view.earlier_more + len(lines) - len(shown)


def _share(sizes: Sequence[int], room: int) -> int:
    """Return the greatest size such that everything, cut to it, fits into `room`."""
    for place, size in enumerate(sorted(sizes)):
        even = room // (len(sizes) - place)
        if size > even:
            return even
        room -= size
    return max(sizes, default=0)


def failing_tests(view: View) -> tuple[Failing, ...]:
    """Return the tests of the last turn that failed a check."""
    return tuple(
        Failing(place, quoted_name(outcome.test.name), tuple(_told_failures(outcome.failures)))
        for place, outcome in enumerate(view.last)
        if outcome.failures
    )


def _told_failures(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:FAILURES]:
        yield line if len(line) <= FAILURE_MOST else f"{line[: FAILURE_MOST - 3]}..."
    if len(lines) > FAILURES:
        yield f"({len(lines) - FAILURES} more failed checks)"


def _result(
    plan: Plan, place: int, outcome: Outcome, nears: Sequence[Near], fresh: Collection[int], room: StepRoom
) -> TestResult:
    steps, silent = _steps(plan, outcome, room)
    told = ((near, near_distance(plan, near)) for near in sorted(nears, key=lambda near: near.distance))
    nearest = [(near, distance) for near, distance in told if distance.measured][:NEARS]
    taken = [index for index in outcome.hits if index in fresh] if len(outcome.new_bins) <= FEW else []
    earlier = _families(plan, taken)
    return TestResult(
        index=place,
        name=quoted_name(outcome.test.name),
        end=outcome.end,
        cycles=outcome.cycles,
        ending=outcome.ended,
        new=len(outcome.new_bins),
        steps=steps,
        silent=silent,
        near=tuple(
            NearText(plan.bins[near.bin].id, distance, tuple(sorted(near.steps.items()))) for near, distance in nearest
        ),
        again=len(outcome.hits) - len(outcome.new_bins),
        earlier=earlier[:EARLIER],
        earlier_more=max(0, len(earlier) - EARLIER),
        beside=_beside(outcome.test),
    )


def _beside(test: Test) -> str:
    given = {"seed": test.seed, "memory": test.memory}
    return "".join(f", {name} {json_ends(value, STEP_MOST)}" for name, value in given.items() if value)


def _steps(plan: Plan, outcome: Outcome, room: StepRoom) -> tuple[tuple[StepResult, ...], str]:
    """Return the steps under way at a nearest sample, those that covered something, then others up to the limit."""
    gained = {(track, step): bins for track, step, bins in outcome.by_step}
    written = [(track, step) for track, steps in outcome.test.tracks.items() for step in range(len(steps))]
    near = {(track, step) for track, step in written if room.holds(outcome.test, track, step)}
    ranked = sorted(written, key=lambda key: -len(gained.get(key, ())))[:STEPS]
    shown = near | set(ranked)
    results = [
        _step(plan, outcome, track, step, gained.get((track, step), ()), room)
        for track, step in written
        if (track, step) in shown
    ]
    return tuple(results), places_text(set(written) - shown)


def _step(plan: Plan, outcome: Outcome, track: str, step: int, bins: Sequence[int], room: StepRoom) -> StepResult:
    new = _families(plan, bins)
    text = room.text(outcome.test, track, step, STEP_MOST if bins else STEP_SHORT)
    return StepResult(track, step, text, new[:FAMILIES], max(0, len(new) - FAMILIES))


def _families(plan: Plan, bins: Sequence[int]) -> tuple[NewBins, ...]:
    groups = groupby(sorted(bins), key=lambda index: plan.item_of[index])
    return tuple(_new(plan, int(item), list(members)) for item, members in groups)


def _new(plan: Plan, item: int, bins: Sequence[int]) -> NewBins:
    one = plan.items[item]
    named = [plan.bins[index] for index in bins]
    names = compact_names(named) if len(named) <= NAMES else ""
    return NewBins(f"{one.covergroup}.{one.name}", len(named), names)
