"""The smallest set of a run's tests that keeps its coverage: greedy, so near the smallest."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dv_agent.agents.turn import TestRecord


def covering(tests: Sequence[TestRecord], kept: Collection[int] = ()) -> tuple[int, ...]:
    """Return the numbers of tests that together hit every bin that all of them hit, in the order of the run.

    Each step takes the test with the most bins that are still open, of equals the shortest one.

    Args:
        kept: numbers of tests that are in the set in any case.
    """
    hits = {test.index: set(test.hits) for test in tests}
    cycles = {test.index: test.cycles for test in tests}
    chosen = set(kept)
    left = set().union(*hits.values()) - set().union(*(hits[one] for one in chosen))
    while left:
        best = max(hits, key=lambda one: (len(hits[one] & left), -cycles[one], -one))
        chosen.add(best)
        left -= hits[best]
    return _pruned(hits, cycles, chosen, kept)


def _pruned(
    hits: dict[int, set[int]], cycles: dict[int, int], chosen: set[int], kept: Collection[int]
) -> tuple[int, ...]:
    """Leave out tests whose bins the others hit, the longest first."""
    for one in sorted(chosen - set(kept), key=lambda one: -cycles[one]):
        others: set[int] = set().union(*(hits[other] for other in chosen if other != one))
        if hits[one] <= others:
            chosen = chosen - {one}
    return tuple(sorted(chosen))
