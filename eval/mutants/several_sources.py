"""Several sources of tests in one campaign: a mutant is built once, and each source has its own outcome."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.clean_tests import CleanTest, Given, read_given
from dv_agent.eval.mutants.data_model import Source

MOST_SOURCES, MOST_TESTS = 100, 20_000


def read_sources(names: Sequence[str], folder: DesignFolder, seed: int) -> tuple[tuple[Source, ...], tuple[Given, ...]]:
    """Return the sources that several `--tests` name, and all their tests, one source behind the other.

    Raises:
        UsageError, InputFileError: as `read_given`; or a source is named twice, or there are too many.
    """
    if len(names) > MOST_SOURCES:
        raise UsageError(f"{len(names):,} times --tests, more than {MOST_SOURCES}")
    sources, tests = list[Source](), list[Given]()
    for name in names:
        words, given = read_given(name, folder, seed)
        if any(one.words == words for one in sources):
            raise UsageError(f"--tests {name}: {words} are given twice")
        sources.append(Source(words=words, count=len(given)))
        tests += given
    if len(tests) > MOST_TESTS:
        raise UsageError(
            f"{len(tests):,} tests in all, more than {MOST_TESTS:,}; give some --tests in another campaign"
        )
    return tuple(sources), tuple(tests)


def ends_of(sources: Sequence[Source]) -> tuple[int, ...]:
    """Return for each source the number of the test behind its last one."""
    return tuple(accumulate(one.count for one in sources))


def by_source(tests: Sequence[CleanTest], ends: Sequence[int]) -> tuple[tuple[CleanTest, ...], ...]:
    """Return the given tests of each source, in order; one group if `ends` is empty."""
    groups = tuple(list[CleanTest]() for _ in ends or (0,))
    for one in tests:
        if not one.further:
            groups[bisect(ends, one.number) if ends else 0].append(one)
    return tuple(tuple(group) for group in groups)
