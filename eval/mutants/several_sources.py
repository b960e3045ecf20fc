"""Several sources of tests in one campaign: a mutant is built once, and each source has its own outcome."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate, chain

from dv_agent.designs.files.documents import printable
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.clean_tests import MOST_TESTS, CleanTest, Given, read_given
from dv_agent.eval.mutants.data_model import Source

MOST_SOURCES = 100


def read_sources(names: Sequence[str], folder: DesignFolder, seed: int) -> tuple[tuple[Source, ...], tuple[Given, ...]]:
    """Return the sources that several `--tests` name, and all their tests, one source behind the other.

    Raises:
        UsageError, InputFileError: as `read_given`; or two have the same tests, or there are too many.
    """
    if len(names) > MOST_SOURCES:
        raise UsageError(f"{len(names):,} times --tests, more than {MOST_SOURCES}")
    sources: dict[str, tuple[Given, ...]] = {}
    for place, name in enumerate(names, 1):
        words, given = read_given(name, folder, seed)
        words = printable(words)
        if given in sources.values():
            raise UsageError(f"--tests {name}: the tests of {words} are given twice")
        # Files of two folders may have one name, as the runs of all trials do.
        sources[f"{words}, --tests {place}" if words in sources else words] = given
        if (count := sum(map(len, sources.values()))) > MOST_TESTS:
            raise UsageError(
                f"{count:,} tests up to --tests {name}, more than {MOST_TESTS:,}; give some in another campaign"
            )
    found = tuple(Source(words=words, count=len(given)) for words, given in sources.items())
    return found, tuple(chain.from_iterable(sources.values()))


def ends_of(sources: Sequence[Source]) -> tuple[int, ...]:
    """Return for each source the number of the test behind its last one."""
    return tuple(accumulate(one.count for one in sources))


def split_by_source(tests: Sequence[CleanTest], ends: Sequence[int]) -> tuple[tuple[CleanTest, ...], ...]:
    """Return the given tests of each source, in order; one group if `ends` is empty."""
    groups = tuple(list[CleanTest]() for _ in ends or (0,))
    for one in tests:
        if not one.further:
            groups[bisect(ends, one.number) if ends else 0].append(one)
    return tuple(tuple(group) for group in groups)
