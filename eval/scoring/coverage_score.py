"""The coverage of a trial, from what its turns say and the plan of the design."""

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
from dv_agent.eval.scoring.score import AXES, SHARES, Axis, CoverageScore, Progress
from dv_agent.eval.scoring.step_curve import area, reached

_NAME = 80


def coverage_score(facts: TrialFacts, plan: Plan) -> CoverageScore:
    """Bins hit, by whom, and along which curve.

    A bin is covered by the test whose record names it in `new_bins`. That test must have hit it: a record that says
    otherwise is refused. A test that ended beyond the bound on cycles covers nothing: only records of before tests were
    cut there have one.

    Raises:
        InputFileError: recorded against another plan, or at odds with itself.
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
        beyond=beyond,
    )


def _steps(
    facts: TrialFacts, plan: Plan, covered_by: IntColumn
) -> Iterator[tuple[TurnFigures, TestFigures, int, list[int]]]:
    """Turn, test, cycles of the run until then, and the bins that the test covered first."""
    cycles = 0
    for turn in facts.turns:
        for test in turn.tests:
            cycles += test.cycles
            fresh = [one for one in _covered(facts, test, plan) if covered_by[one] < 0]
            if fresh:
                yield turn, test, cycles, fresh


def _covered(facts: TrialFacts, test: TestFigures, plan: Plan) -> list[int]:
    """Indices of the bins that a test says it covered first."""
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
