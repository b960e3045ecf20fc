"""Lift: coverage above that of an agent without a model, at equal simulated cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dv_agent.eval.board.trials.metrics import LIFTS
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.evaluation.data_model import Entry
from dv_agent.eval.scoring.score import TrialScore
from dv_agent.eval.scoring.step_curve import value_at


def with_lifts(trials: Sequence[ScoredTrial]) -> tuple[ScoredTrial, ...]:
    """Return `trials` with ``lift_<agent>`` added: percentage points above that agent's trial of the same design and
    seed.

    Both trials are read at the number of cycles that both have simulated, within the budget. A trial without such a
    partner, and the agent itself, get no lift.
    """
    bases = {
        (agent, one.trial.design, one.trial.seed): one
        for agent in LIFTS
        for one in trials
        if one.score and one.trial.entry == Entry(agent=agent)
    }
    return tuple(_with_lifts(one, bases) for one in trials)


def _with_lifts(one: ScoredTrial, bases: dict[tuple[str, str, int], ScoredTrial]) -> ScoredTrial:
    if one.score is None:
        return one
    found = {}
    for agent in LIFTS:
        base = bases.get((agent, one.trial.design, one.trial.seed))
        if base and base.score and base.row != one.row:
            found[f"lift_{agent}"] = lift(one.score, base.score, one.trial.budget.cycles)
    return replace(one, figures={**one.figures, **found})


def lift(score: TrialScore, base: TrialScore, bound: int | None) -> float:
    """Return by how many percentage points of bins `score` is above `base` at equal cycles."""
    ends = [score.cost.cycles, base.cost.cycles, *([bound] if bound else [])]
    return _percent_at(score, min(ends)) - _percent_at(base, min(ends))


def _percent_at(score: TrialScore, cycles: int) -> float:
    progress, bins = score.coverage.progress, score.coverage.overall.bins
    return 100 * value_at(progress.cycles, progress.bins, cycles) / bins if bins else 0.0
