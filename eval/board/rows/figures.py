"""Figures (mean, interval, median) and counts over the trials of a row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dv_agent.eval.board.leaderboard import Counts, Figure, PassAt, Reaching
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS, LIFTS, METRICS, PASS_SHARE
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.scoring.score import SHARES, Axis
from dv_agent.eval.stats.bootstrap import bootstrap
from dv_agent.eval.stats.clusters import Clusters, cluster_mean, grouped, pooled_median
from dv_agent.eval.stats.pass_at_k import pass_at_k

NAMES = (*(metric.name for metric in METRICS), *(f"lift_{agent}" for agent in LIFTS))
WITH_MEDIAN = (COVERAGE, "ieee", "area_cycles", KILLS)
OF_A_CELL = (
    COVERAGE, "ieee", "area_cycles", KILLS, "kill_rate", "cycles", "tokens", "usd",
    *(f"lift_{agent}" for agent in LIFTS),
)  # fmt: skip
PASS_KS = (1, 3, 5)
_REACHING: tuple[Axis, ...] = ("cycles", "calls", "tokens")
_CLAIMS = {"right", "wrong", "undecided", "found", "decoys", "reports", "confirmed", "judged", "diagnosed"}
SEED = 0


def figure(clusters: Clusters, *, median: bool = False) -> Figure | None:
    """Return the figure of values grouped by design; None if there are no values."""
    mean = cluster_mean(clusters)
    if mean is None:
        return None
    interval = bootstrap(clusters, seed=SEED)
    found = {"low": interval.low, "high": interval.high} if interval else {}
    if median:
        around = bootstrap(clusters, "median", seed=SEED)
        found |= {"median_low": around.low, "median_high": around.high} if around else {}
    held = [values for values in clusters.values() if values]
    return Figure(
        mean=mean,
        n=sum(map(len, held)),
        designs=len(held),
        median=pooled_median(clusters) if median else None,
        low=found.get("low"),
        high=found.get("high"),
        median_low=found.get("median_low"),
        median_high=found.get("median_high"),
    )


def figures(trials: Sequence[ScoredTrial], names: Sequence[str] = NAMES) -> dict[str, Figure]:
    """Return name of a metric -> figure over `trials`; metrics without a value are left out."""
    found = {name: figure(by_design(trials, name), median=name in WITH_MEDIAN) for name in names}
    return {name: one for name, one in found.items() if one}


def by_design(trials: Sequence[ScoredTrial], name: str) -> dict[str, list[float]]:
    """Return design -> values of a metric."""
    return grouped((one.trial.design, one.figures.get(name)) for one in trials)


def reaching(trials: Sequence[ScoredTrial]) -> tuple[Reaching, ...]:
    """Return what was needed to cover each of `SHARES`."""
    return tuple(_reaching(trials))


def _reaching(trials: Sequence[ScoredTrial]) -> Iterator[Reaching]:
    for axis in _REACHING:
        shares = [one.score.coverage.to_share for one in trials if one.score]
        places = [some[axis] for some in shares if axis in some]
        for share in SHARES if places else ():
            found = sorted(math.inf if (at := place[share]) is None else at for place in places)
            middle = pooled_median({"": found})
            median = None if middle is None or math.isinf(middle) else middle
            reached = sum(not math.isinf(at) for at in found)
            yield Reaching(axis=axis, share=share, reached=reached, n=len(found), median=median)


def pass_at(trials: Sequence[ScoredTrial]) -> tuple[PassAt, ...]:
    """Return pass@k for covering `PASS_SHARE` percent of the bins: unbiased per design, then the mean over designs."""
    passed = grouped((one.trial.design, float(one.coverage >= PASS_SHARE)) for one in trials)
    found = []
    for k in PASS_KS:
        values = {name: pass_at_k(len(some), int(sum(some)), k) for name, some in passed.items()}
        held = [value for value in values.values() if value is not None]
        n = sum(len(passed[name]) for name, value in values.items() if value is not None)
        found.append(PassAt(k=k, value=sum(held) / len(held) if held else None, n=n, designs=len(held)))
    return tuple(found)


def counts(trials: Sequence[ScoredTrial]) -> Counts:
    """Return everything that is counted by class."""
    scores = [one.score for one in trials if one.score]
    bugs, replies = [one.bugs for one in scores if one.bugs], [one.replies for one in scores if one.replies]
    difficulties = dict.fromkeys(name for one in bugs for name in one.by_difficulty)
    of = {name: [one.by_difficulty[name] for one in bugs if name in one.by_difficulty] for name in difficulties}
    failures = Counter(one.record.failure.kind for one in trials if one.record and one.record.failure)
    return Counts(
        kills_by_check=_total(one.by_check for one in bugs),
        kills_by_difficulty={
            name: (sum(one.kills for one in some), sum(one.bugs for one in some)) for name, some in of.items()
        },
        dropped=_total(one.dropped for one in replies),
        errors=_total(one.errors for one in replies),
        failures=dict(sorted(failures.items())),
        claims=_total(one.claims.model_dump(include=_CLAIMS) for one in scores if one.claims),
    )


def _total(counted: Iterator[Mapping[str, int]] | Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counted:
        total.update(one)
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))
