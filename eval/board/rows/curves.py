"""Mean curves of rows: percentage of bins covered along an axis (cycles, calls, tokens, ...)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.eval.board.design_board import RowCurve
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.scoring.score import Axis, TrialScore
from dv_agent.eval.stats.clusters import Floats

SHOWN_AXES: tuple[Axis, ...] = ("cycles", "calls", "tokens", "usd")
"""Not seconds: the same tests would give another board every day."""
_POINTS = 73
_DECADES = 3


def row_curves(axis: Axis, rows: Mapping[str, Sequence[ScoredTrial]]) -> tuple[RowCurve, ...]:
    """Return a curve for each row that has trials with this axis: the mean over designs of the mean over trials.

    After its end a trial keeps its last value. All rows share one axis, up to the largest bound or end.

    Args:
        rows: row -> its scored trials.
    """
    held = {row: [one for one in some if one.score and _has(axis, one.score)] for row, some in rows.items()}
    every = [one for some in held.values() for one in some]
    end = max((_end(axis, one) for one in every), default=0)
    if not end:
        return ()
    places = _places(axis, end)
    return tuple(_curve(row, axis, some, places) for row, some in held.items() if some)


def _curve(row: str, axis: Axis, trials: Sequence[ScoredTrial], places: Floats) -> RowCurve:
    shares: dict[str, list[Floats]] = {}
    for one in trials:
        shares.setdefault(one.trial.design, []).append(_shares(axis, one, places))
    mean = np.mean([np.mean(some, axis=0) for some in shares.values()], axis=0)
    every = np.array([values for some in shares.values() for values in some])
    return RowCurve(
        row=row, xs=_plain(places, 6), mean=_plain(mean, 2), least=_plain(every.min(axis=0), 2),
        most=_plain(every.max(axis=0), 2), n=len(trials),
    )  # fmt: skip


def _shares(axis: Axis, one: ScoredTrial, places: Floats) -> Floats:
    assert one.score is not None
    progress, total = one.score.coverage.progress, one.score.coverage.overall.bins
    counts = np.array([0, *progress.bins], dtype=np.float64)
    held = np.searchsorted(np.array(progress.along(axis), dtype=np.float64), places, side="right")
    return np.asarray(100 * counts[held] / max(total, 1))


def _has(axis: Axis, score: TrialScore) -> bool:
    return axis == "cycles" or (
        score.replies is not None and (axis != "usd" or score.cost.usd + score.cost.cached_usd > 0)
    )


def _end(axis: Axis, one: ScoredTrial) -> float:
    bound = getattr(one.trial.budget, axis)
    assert one.score is not None
    used: float = getattr(one.score.cost, axis) + getattr(one.score.cost, f"cached_{axis}", 0)
    return max(used, bound) if bound and axis == "cycles" else used


def _places(axis: Axis, end: float) -> Floats:
    """Return the sample points of an axis: equal steps for calls; for all other axes a geometric series over three
    decades, because most bins are covered early.
    """
    if axis == "calls":
        return np.arange(0, end + 1, max(1, round(end / _POINTS)), dtype=np.float64)
    return np.geomspace(end / 10**_DECADES, end, _POINTS)


def _plain(values: Floats, digits: int) -> tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)
