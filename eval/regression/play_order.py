"""The order in which a change is tested: recorded tests that reach the changed lines first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from heapq import heappop, heapreplace
from pathlib import Path

from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.plan import Plan

Rank = tuple[bool, int, float, int]


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
    known = {one.index: (one, frozenset(one.hits)) for one in tests}
    left, order = sorted(_rank(*one, reaching, frozenset()) for one in known.values()), list[TestRecord]()
    while left:
        taken = _round(left, known, reaching)
        if not taken:  # tests that hit nothing
            order += sorted((known[rank[-1]][0] for rank in left), key=lambda one: one.cycles)
            break
        order += [known[number][0] for number in taken]
        left = [rank for rank in left if rank[-1] not in taken]
    return tuple(order)


def _round(
    left: Sequence[Rank], known: Mapping[int, tuple[TestRecord, frozenset[int]]], reaching: Set[int]
) -> dict[int, None]:
    """Return the numbers of the tests that a round takes, in its order, of the ranks in `left`, best first."""
    hit, heap, taken = set[int](), [*left], dict[int, None]()
    while heap:
        number = heap[0][-1]
        rank = _rank(*known[number], reaching, hit)
        if rank > heap[0]:  # what others hit meanwhile counts no more; no test ever becomes better by that
            heapreplace(heap, rank)
            continue
        if known[number][1] <= hit:
            break
        heappop(heap)
        taken[number] = None
        hit |= known[number][1]
    return taken


def _rank(test: TestRecord, hits: frozenset[int], reaching: Set[int], hit: Set[int]) -> Rank:
    """Return what a test is ordered by, the best one lowest; the last part is its number."""
    new = hits - hit
    return hits.isdisjoint(reaching), -len(new & reaching), -len(new) / (test.cycles + 100), test.index
