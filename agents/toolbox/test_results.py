"""The text that a model gets after its tests have run: results, progress and remaining budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.agents.toolbox.list_holes import HoleList
from dv_agent.agents.toolbox.text import fenced_data, listed
from dv_agent.agents.tools.testbench import Decoys
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.feedback.history import gains_text
from dv_agent.prompts.feedback.near_misses import near_distance
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.text.test_names import quoted_name
from dv_agent.prompts.view import Outcome, View

STEPS, NEARS, FAILURES, ERRORS, STEP = 6, 4, 4, 20, 120
NO_CYCLES = "No cycle is left, so no test can run: report what failed, and finish."


def results_text(view: View, book: HoleList, decoys: Decoys | None, first: int, room: int) -> str:
    """Return the results of the last turn's tests, what was dropped, and the coverage and budget so far.

    Args:
        first: number of the first of those tests in the run.
    """
    lines: list[str] = []
    for place, outcome in enumerate(view.last):
        lines += _test(view, decoys, first + place, outcome)
    if view.errors:
        lines += ["dropped or refused:", *(f"  {line[:300]}" for line in listed(view.errors, ERRORS))]
    new = sum(len(outcome.new_bins) for outcome in view.last)
    covered = f", {counted(new, 'new bin')}. {book.progress()}" if view.track.plan else ""
    foot = f"{counted(len(view.last), 'test')} ran{covered}. {budget_text(view)}"
    body = fenced_data("results", "\n".join(lines), room - 800) if lines else ""
    return f"{body}\n{foot}".lstrip()


def budget_text(view: View, calls: int = 0) -> str:
    """Return the remaining budget, as text.

    Args:
        calls: number of model calls since the view was made.
    """
    left = {name: amount for name, amount in view.budget_left.items() if name != "seconds"}
    words = [f"{_amount(name, amount - calls if name == 'calls' else amount)}" for name, amount in left.items()]
    said = f"Budget left: {', '.join(words)}." if words else ""
    return said if left.get("cycles", 1) >= 1 else f"{said} {NO_CYCLES}"


def _amount(name: str, amount: float) -> str:
    if name == "usd":
        return f"{amount:.2f} US dollars"
    # The model knows a call of it as its reply; "calls" would be read as calls of tools.
    return f"{max(round(amount), 0)} {'replies' if name == 'calls' else name}"


def _test(view: View, decoys: Decoys | None, number: int, outcome: Outcome) -> Iterator[str]:
    verdict = f"{len(outcome.failures)} FAILED CHECKS" if outcome.failures else "checks ok"
    gained = f"{counted(len(outcome.new_bins), 'new bin')}, " if view.track.plan else ""
    yield (
        f"test {number} {quoted_name(outcome.test.name)}: {outcome.ended}, "
        f"{gained}{verdict if outcome.end != 'refused' else 'not run'}"
    )
    yield from (f"  FAILED {line[:300]}" for line in listed(outcome.failures, FAILURES))
    if len(outcome.failures) > FAILURES:
        yield f"  explain_failure lists all of test {number}"
    by_step = sorted(outcome.by_step, key=lambda one: -len(one[2]))
    for track, step, bins in by_step[:STEPS]:
        steps = outcome.test.tracks.get(track, ())
        text = compact_json(steps[step], STEP) if step < len(steps) else "(before its first step)"
        yield f"  {track}[{step}] {text}: {len(bins)} new, {gains_text(view.plan, bins)}"
    if len(by_step) > STEPS:
        yield f"  ... and {counted(len(by_step) - STEPS, 'more step')} with new bins"
    yield from (f"  near {line}" for line in _near(view, decoys, number, outcome))


def _near(view: View, decoys: Decoys | None, number: int, outcome: Outcome) -> Sequence[str]:
    """Return the holes to which this test came nearer than all tests before it, the nearest first."""
    best = {index: attempt.near for index, attempt in view.nearest.items()}
    found = [(near, view.plan) for near in outcome.near if best.get(near.bin) is near]
    if decoys:
        known = [(near, decoys.attempt(near.bin)) for near in decoys.near(number)]
        found += [(near, decoys.plan) for near, attempt in known if attempt and attempt.near is near]
    found.sort(key=lambda pair: pair[0].distance)
    lines = []
    for near, plan in found[:NEARS]:
        one = plan.bins[near.bin]
        during = " ".join(f"{track}[{index}]" for track, index in sorted(near.steps.items()))
        lines.append(f"{one.id}: {near_distance(plan, near).words}{f' during {during}' if during else ''}")
    return lines
