"""The order in which a change is tested: recorded tests that reach the changed lines first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.plan import Plan


def reaching_bins(plan: Plan, changed: Mapping[str, Set[int]]) -> frozenset[int]:
    """Return the bins of code coverage whose lines have changed; none if the plan counts no code."""
    if plan.code is None:
        return frozenset()
    lines = {Path(name).name: numbers for name, numbers in changed.items()}
    found = set()
    for point in plan.code.alive:
        ranges = point.lines or ((point.line, point.line),)
        mine = lines.get(Path(point.file).name, frozenset())
        if any(first <= line <= last for first, last in ranges for line in mine):
            found.add(plan.index(f"{CODE}.{point.kind}.{point.name}"))
    return frozenset(found)


def ordered(tests: Sequence[TestRecord], reaching: Set[int]) -> tuple[TestRecord, ...]:
    """Return the tests in the order in which they are played.

    Rounds of greedy choice: each takes the test with the most changed points, then bins, that the round has not hit
    yet, for its cycles; when nothing is left to hit, the next round begins with the tests that are left.
    """
    left, order = list(tests), list[TestRecord]()
    while left:
        hit: set[int] = set()
        while left:
            best = max(left, key=lambda one: _worth(one, reaching, hit))
            if not set(best.hits) - hit:
                break
            left.remove(best)
            order.append(best)
            hit |= {*best.hits}
        if not hit:  # tests that hit nothing
            order += sorted(left, key=lambda one: one.cycles)
            break
    return tuple(order)


def _worth(test: TestRecord, reaching: Set[int], hit: Set[int]) -> tuple[bool, int, float, int]:
    new = set(test.hits) - hit
    return bool(set(test.hits) & reaching), len(new & reaching), len(new) / (test.cycles + 100), -test.index
