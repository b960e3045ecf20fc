"""Coverage curves of one run over cycles, turns and tokens, as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS
from dv_agent.eval.report.data.run_data import RunData, TestData, TurnData

ALL = "all"
_Events = Sequence[tuple[float, TestData]]
"""Tests in the order they ran, each with the place on the axis where it ended."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Bins covered over one axis, of one tier or of all tiers.

    Attributes:
        total: number of bins in the tier, or in the plan.
        points: (x, number of bins covered from x on), x ascending, from (0, 0) to the end of the run; between these,
            one point for each change of the count.
    """

    name: str
    total: int
    points: tuple[tuple[float, int], ...]

    @property
    def last(self) -> int:
        """Return the number of bins covered at the end."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Mark:
    """A failing test; `x` is the position of its end on the axis."""

    x: float
    test: int


@dataclass(frozen=True, slots=True)
class Progress:
    """One chart: several curves over the same axis."""

    axis: str
    end: float
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The counts after one turn; `counts` maps `ALL` and each tier to the number of bins covered."""

    turn: int
    cycles: int
    tokens: int
    counts: Mapping[str, int]


def progress(run: RunData, plan: Plan | None, total: int) -> tuple[Progress, ...]:
    """Return the charts of a run: over cycles, over turns, and over tokens if any were used.

    Args:
        total: number of bins, for a run whose plan is not available.
    """
    numbered = [(number, turn, test) for number, turn in enumerate(run.turns, 1) for test in turn.tests]
    charts = [
        _chart("simulated cycles", [(test.cycle, test) for _, _, test in numbered], None, plan, total),
        _chart("turns", [(number, test) for number, _, test in numbered], len(run.turns), plan, total),
    ]
    if run.turns and (tokens := run.turns[-1].total_tokens):
        charts.append(_chart("tokens", [(turn.total_tokens, test) for _, turn, test in numbered], tokens, plan, total))
    return tuple(charts)


def rows(turns: Iterable[TurnData], plan: Plan | None) -> tuple[Row, ...]:
    """Return the numbers of the charts, one row per turn."""
    tier_of, counts = _tiers(plan), dict.fromkeys(_names(plan), 0)
    found, cycles = [], 0
    for number, turn in enumerate(turns, 1):
        for test in turn.tests:
            cycles = test.cycle
            for name in test.new_bins:
                _count(counts, tier_of.get(name))
        found.append(Row(number, cycles, turn.total_tokens, dict(counts)))
    return tuple(found)


def _chart(axis: str, events: _Events, end: float | None, plan: Plan | None, total: int) -> Progress:
    last = end if end is not None else max((x for x, _ in events), default=0)
    return Progress(
        axis=axis,
        end=last,
        curves=_curves(events, last, plan, total),
        marks=tuple(Mark(x, test.index) for x, test in events if test.failed_checks),
    )


def _curves(events: _Events, end: float, plan: Plan | None, total: int) -> tuple[Curve, ...]:
    names, tier_of = _names(plan), _tiers(plan)
    counts = dict.fromkeys(names, 0)
    points: dict[str, dict[float, int]] = {name: {0: 0} for name in names}
    for x, test in events:
        before = dict(counts)
        for one in test.new_bins:
            _count(counts, tier_of.get(one))
        for name in names:
            if counts[name] != before[name]:
                points[name][x] = counts[name]
    for name in names:
        points[name].setdefault(end, counts[name])
    totals = _totals(plan, total)
    return tuple(Curve(name, totals[name], tuple(points[name].items())) for name in names)


def _count(counts: dict[str, int], tier: str | None) -> None:
    counts[ALL] += 1
    if tier in counts:
        counts[tier] += 1


def _names(plan: Plan | None) -> tuple[str, ...]:
    present = {one.tier for one in plan.bins} if plan else set()
    return (ALL, *(tier for tier in TIERS if tier in present))


def _tiers(plan: Plan | None) -> dict[str, str]:
    return {one.id: one.tier for one in plan.bins} if plan else {}


def _totals(plan: Plan | None, total: int) -> dict[str, int]:
    if plan is None:
        return {ALL: total}
    tiers = [one.tier for one in plan.bins]
    return {ALL: len(tiers), **{tier: tiers.count(tier) for tier in TIERS}}
