"""The metrics of a trial: each maps a score to one number. Formulas: docs/scores.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dv_agent.coverage.structure import TIERS
from dv_agent.designs.text.wording import counted
from dv_agent.eval.scoring.score import AT_CALLS, AT_CYCLES, BugScore, ClaimCounts, CostScore, ReplyScore, TrialScore

Unit = Literal["%", "count", "usd", "seconds", "rate", "points"]
COVERAGE, KILLS = "coverage", "kills"
PASS_SHARE = 95
"""A trial passes, for pass@k, if it covers so many percent of the bins."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a trial.

    Attributes:
        of: returns the value for a trial; None where it has none.
        wall_clock: True if the value depends on the machine and the day, even for the same tests.
    """

    name: str
    title: str
    unit: Unit
    of: Callable[[TrialScore], float | None]
    wall_clock: bool = False


def _share(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def _tier(name: str) -> Callable[[TrialScore], float | None]:
    def of(score: TrialScore) -> float | None:
        totals = score.coverage.tiers.get(name)
        return _share(totals.bins_hit, totals.bins) if totals else None

    return of


def _bins(score: TrialScore) -> float | None:
    return _share(score.coverage.overall.bins_hit, score.coverage.overall.bins)


def _mutants(score: TrialScore) -> float | None:
    return None if score.mutants is None else _share(score.mutants.killed, score.mutants.counted)


def _mutants_first(score: TrialScore) -> float | None:
    found = score.mutants
    return None if found is None or found.by_first is None else _share(found.by_first, found.counted)


def _at_calls(at: int) -> Callable[[TrialScore], float | None]:
    return lambda score: score.coverage.at_calls.get(at)


def _at_cycles(at: int) -> Callable[[TrialScore], float | None]:
    return lambda score: score.coverage.at_cycles.get(at)


def _hard_at(at: int) -> Callable[[TrialScore], float | None]:
    return lambda score: score.coverage.hard_at_calls.get(at)


def _usd(score: TrialScore) -> float | None:
    """Return dollars; None if any attempt has no known price, because the sum would then be too low."""
    return None if score.replies is None or score.cost.unpriced else score.cost.usd


def _of_bugs(value: Callable[[BugScore], float | None]) -> Callable[[TrialScore], float | None]:
    return lambda score: None if score.bugs is None else value(score.bugs)


def _of_cost(value: Callable[[CostScore], float]) -> Callable[[TrialScore], float | None]:
    """Return `value` for agents that ask a model; agents without a model have no cost (None, not 0)."""
    return lambda score: None if score.replies is None else value(score.cost)


def _of_replies(value: Callable[[ReplyScore], float | None]) -> Callable[[TrialScore], float | None]:
    return lambda score: None if score.replies is None else value(score.replies)


def _of_claims(value: Callable[[ClaimCounts], float | None]) -> Callable[[TrialScore], float | None]:
    return lambda score: None if score.claims is None else value(score.claims)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _dropped(replies: ReplyScore) -> float:
    """Return the number of dropped items; ``oversize`` counts characters and is left out."""
    return sum(count for what, count in replies.dropped.items() if what != "oversize")


METRICS: tuple[Metric, ...] = (
    Metric(COVERAGE, "bins hit", "%", _bins),
    Metric("ieee", "IEEE 1800 total", "%", lambda score: score.coverage.overall.coverage_pct),
    *(Metric(tier, f"{tier} bins hit", "%", _tier(tier)) for tier in TIERS),
    Metric("area_cycles", "area over cycles", "%", lambda score: score.coverage.area.get("cycles")),
    Metric("area_calls", "area over calls", "%", lambda score: score.coverage.area.get("calls")),
    Metric("log_area_calls", "area over log calls", "%", lambda score: score.coverage.log_area),
    Metric("area_tokens", "area over tokens", "%", lambda score: score.coverage.area.get("tokens")),
    *(Metric(f"at_calls_{at}", f"bins hit after {counted(at, 'call')}", "%", _at_calls(at)) for at in AT_CALLS),
    *(Metric(f"at_cycles_{at}", f"bins hit in {at:,} cycles", "%", _at_cycles(at)) for at in AT_CYCLES),
    *(Metric(f"hard_at_calls_{at}", f"hard bins hit after {counted(at, 'call')}", "%", _hard_at(at)) for at in (1, 4)),
    Metric(KILLS, "bugs killed", "%", _of_bugs(lambda bugs: _share(bugs.total.kills, bugs.total.bugs))),
    Metric("kill_rate", "kills per million cycles", "rate", _of_bugs(lambda bugs: bugs.per_million_cycles)),
    Metric("mutants", "mutants killed", "%", _mutants),
    Metric("mutants_first", "mutants killed by the first reply", "%", _mutants_first),
    Metric("tests", "tests", "count", lambda score: score.tests),
    Metric("failing_tests", "tests failing on the design as it is", "count", lambda score: score.failing_tests),
    Metric("cycles", "simulated cycles", "count", lambda score: score.cost.cycles),
    Metric("calls", "calls", "count", _of_cost(lambda cost: cost.calls)),
    Metric("tokens", "tokens", "count", _of_cost(lambda cost: cost.tokens)),
    Metric("usd", "US dollars", "usd", _usd),
    Metric("cached_tokens", "tokens from dv-agent's cache", "count", _of_cost(lambda cost: cost.cached_tokens)),
    Metric("server_cached_tokens", "tokens from the server's cache", "count",
           _of_cost(lambda cost: cost.server_cached_tokens)),
    Metric("seconds", "seconds", "seconds", lambda score: score.cost.seconds, wall_clock=True),
    Metric("valid", "valid replies", "%", _of_replies(lambda one: _share(one.valid, one.turns))),
    Metric("usable", "usable replies", "%", _of_replies(lambda one: _share(one.usable, one.turns))),
    Metric("dropped", "things dropped from replies", "count", _of_replies(_dropped)),
    Metric("retries", "retries", "count", _of_replies(lambda one: one.retries)),
    Metric("precision", "precision of claims", "%", _of_claims(lambda one: _percent(one.precision))),
    Metric("recall", "recall of claims", "%", _of_claims(lambda one: _percent(one.recall))),
    Metric("diagnosed", "bug reports right", "%", _of_claims(lambda one: _share(one.diagnosed, one.judged))),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in METRICS}
LIFTS = {"random": "lift over random", "search": "lift over search"}
"""Agents that others are compared with at equal cycles -> title of that metric, which is called ``lift_<agent>``."""


def figures_of(score: TrialScore) -> dict[str, float]:
    """Return name of a metric -> value, for metrics that have a value."""
    values = ((metric.name, metric.of(score)) for metric in METRICS)
    return {name: float(value) for name, value in values if value is not None}


def title_of(name: str) -> str:
    """Return the title of a metric or lift."""
    return BY_NAME[name].title if name in BY_NAME else LIFTS[name.removeprefix("lift_")]
