"""Coverage score of a trial, from the bins that its turns name and the plan of the design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dv_agent.agents.budget import Budget
from dv_agent.agents.records.figures import TestFigures, TurnFigures
from dv_agent.agents.records.schema import TURNS
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.totals import overall_totals, tier_totals
from dv_agent.designs.files.documents import printable
from dv_agent.designs.trace import IntColumn
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.trial_folder import RUN
from dv_agent.eval.scoring.read_record import TrialFacts
from dv_agent.eval.scoring.score import AT_CALLS, AT_CYCLES, AXES, SHARES, Axis, CoverageScore, Progress
from dv_agent.eval.scoring.step_curve import area, log_area, reached, value_at

_NAME = 80


def coverage_score(facts: TrialFacts, plan: Plan) -> CoverageScore:
    """Return the bins hit, the test that covered each first, and the coverage curves.

    A bin is covered by the test whose record names it in `new_bins`. That test must have hit it: a record that
    contradicts this is refused. A test that ended beyond the limit of cycles covers nothing; only records made before
    tests were cut at that limit have such a test.

    Raises:
        InputFileError: recorded with another plan, or the record contradicts itself.
    """
    if facts.plan_hash != plan.hash:
        raise InputFileError(
            facts.room / RUN, f"recorded against another plan ({facts.plan_hash[:12]}, not {plan.hash[:12]} of "
            f"{plan.path}): the design has changed since, and the trial must be run again",
        )  # fmt: skip
    covered_by = np.full(len(plan.bins), -1, dtype=np.int64)
    bound = facts.header.budget.cycles
    beyond = 0
    steps = []
    for place, (turn, test, cycles, fresh) in enumerate(_steps(facts, plan, covered_by)):
        if bound is not None and cycles > bound:
            beyond += len(fresh)
            continue
        covered_by[fresh] = place
        steps.append(_step(turn, test, cycles, int((covered_by >= 0).sum())))
    covered = covered_by >= 0
    hits = np.where(covered, plan.at_least, 0)
    coverage = replace(empty_coverage(plan), hits=hits)
    progress = Progress.model_validate({name: [step[name] for step in steps] for name in Progress.model_fields})
    axes = AXES if facts.header.model else ("cycles", "seconds")
    return CoverageScore(
        overall=overall_totals(coverage),
        tiers=tier_totals(coverage),
        progress=progress,
        covered_by=tuple(covered_by.tolist()),
        area=_areas(progress, axes, len(plan.bins), facts.header.budget),
        to_share={
            axis: {share: reached(progress.along(axis), progress.bins, len(plan.bins), share) for share in SHARES}
            for axis in axes
        },
        log_area=_log_area(progress, len(plan.bins), facts.header.budget) if facts.header.model else None,
        at_calls=_shares(progress, "calls", AT_CALLS, len(plan.bins)) if facts.header.model else {},
        at_cycles=_shares(progress, "cycles", AT_CYCLES, len(plan.bins)),
        hard_at_calls=_hard(progress, covered_by, plan) if facts.header.model else {},
        beyond=beyond,
    )


def _log_area(progress: Progress, bins: int, budget: Budget) -> float | None:
    return log_area(progress.calls, progress.bins, bins, budget.calls) if budget.calls else None


def _shares(progress: Progress, axis: Axis, places: Sequence[int], bins: int) -> dict[int, float]:
    return {at: 100 * value_at(progress.along(axis), progress.bins, at) / bins for at in places} if bins else {}


def _hard(progress: Progress, covered_by: IntColumn, plan: Plan) -> dict[int, float]:
    hard = [place for place, one in enumerate(plan.bins) if one.tier == "hard"]
    calls = [progress.calls[step] for step in covered_by[hard].tolist() if step >= 0]
    return {at: 100 * sum(one <= at for one in calls) / len(hard) for at in AT_CALLS} if hard else {}


def _steps(
    facts: TrialFacts, plan: Plan, covered_by: IntColumn
) -> Iterator[tuple[TurnFigures, TestFigures, int, list[int]]]:
    """Yield turn, test, cycles of the run so far, and the bins that the test covered first."""
    cycles = 0
    for turn in facts.turns:
        for test in turn.tests:
            cycles += test.cycles
            fresh = [one for one in _covered(facts, test, plan) if covered_by[one] < 0]
            if fresh:
                yield turn, test, cycles, fresh


def _covered(facts: TrialFacts, test: TestFigures, plan: Plan) -> list[int]:
    """Return the indices of the bins that a test's record names as first covered by it."""
    if not test.new_bins:
        return []
    hits, found = set(test.hits), []
    for name in test.new_bins:
        place = plan.slots.get(name, -1)
        if place not in hits:
            shown = printable(name, _NAME)
            message = f"test {test.index} is said to cover {shown}, but its record does not say that it hit it"
            raise InputFileError(facts.room / RUN / TURNS, message)
        found.append(place)
    return found


def _step(turn: TurnFigures, test: TestFigures, cycles: int, bins: int) -> dict[str, object]:
    spent = turn.spent
    return {
        "test": test.index, "name": test.test.name[:_NAME], "cycles": cycles, "calls": int(spent.bounded("calls")),
        "tokens": int(spent.bounded("tokens")), "usd": round(spent.bounded("usd"), 6),
        "seconds": round(spent.seconds, 3), "bins": bins,
    }  # fmt: skip


def _areas(progress: Progress, axes: Sequence[Axis], bins: int, budget: Budget) -> dict[Axis, float]:
    bounds = {axis: getattr(budget, axis) for axis in axes}
    return {axis: area(progress.along(axis), progress.bins, bins, bound) for axis, bound in bounds.items() if bound}
