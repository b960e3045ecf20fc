"""The first look at a design: random tests, and what moved at its ports, what was transferred, what fired."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.testbench import Result, Testbench
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.failure import CheckFailure

TESTS = 20
_MOST_STUCK = 2  # a test that hangs takes seconds, and the next one will hang as well
MOST_CYCLES = 4_000  # of one test: a first look ends soon


@dataclass
class Seen:
    """What was seen in some tests.

    Attributes:
        cycles: simulated cycles in all.
        ends: how tests ended -> number.
        moved: signals with more than one value.
        watched: all sampled signals, in order.
        unknown: signals that were X or Z in some cycle out of reset.
        transfers: stream -> number of transfers.
        failures: failed checks, the first of each kind on each port.
        bins: indices of the bins that were hit.
        fired: (check, port) -> number of tests in which it fired.
        failing: numbers of the tests in which a check fired.
    """

    tests: int = 0
    cycles: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    moved: set[str] = field(default_factory=set)
    watched: tuple[str, ...] = ()
    unknown: set[str] = field(default_factory=set)
    transfers: Counter[str] = field(default_factory=Counter)
    failures: list[CheckFailure] = field(default_factory=list)
    fired: Counter[tuple[str, str]] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)
    bins: set[int] = field(default_factory=set)
    _first: dict[str, int] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Add one test."""
        trace, failed = result.trace, result.failures
        self.tests += 1
        self.cycles += trace.cycles
        self.ends[trace.end.value] += 1
        self.transfers.update({key: len(one) for key, one in trace.accepted.items()})
        self.bins |= set(result.sample.hits.nonzero()[0].tolist())
        self._note_levels(trace)
        fresh = {(one.check, one.port): one for one in reversed(failed)}
        self.failures += [one for key, one in reversed(fresh.items()) if key not in self.fired]
        self.fired.update({(one.check, one.port) for one in failed})

    def judged_again(self, again: Seen) -> Seen:
        """Return what was seen, with the failures that `again` has of the same failing tests."""
        return replace(self, failures=again.failures, fired=again.fired, failing=again.failing)

    def _note_levels(self, trace: Trace) -> None:
        self.watched = self.watched or tuple(trace.signals)
        for name, values in trace.signals.items():
            if len(values):
                first = self._first.setdefault(name, int(np.asarray(values[0]).ravel()[0]))
                changes = values.ndim == 1 and bool((values != first).any())
                if changes or (values.ndim > 1 and bool((values != values[0]).any())):
                    self.moved.add(name)
        for name, mask in trace.unknown.items():
            if (mask & ~trace.in_reset).any():
                self.unknown.add(name)


def look(
    bench: Testbench, seed: int = 0, tests: int = TESTS, resting: frozenset[str] = frozenset(),
    only: Collection[int] | None = None,
) -> Seen:  # fmt: skip
    """Play random tests and return what was seen; the tests depend on the design and `seed` only.

    Args:
        resting: ports, with their copies, to which these tests do nothing; what they do to the others stays the same.
        only: numbers of the tests that are played; None: all.
    """
    folder = bench.folder
    seen, source = Seen(), random.Random(f"look/{seed}")
    for number in range(tests):
        test = random_test(folder.design, folder.schema, source)
        if only is not None and number not in only:
            continue
        if resting:
            rest = {name for name in test.tracks if {name, name.rstrip("0123456789")} & resting}
            tracks = {name: steps for name, steps in test.tracks.items() if name not in rest}
            test = test.model_copy(update={"tracks": tracks})
        result = bench.run(test, max_cycles=MOST_CYCLES)
        seen.add(result)
        if result.failures:
            seen.failing.append(number)
        if seen.ends[End.HUNG] + seen.ends[End.CRASHED] >= _MOST_STUCK:
            break
    return seen


def outputs(folder: DesignFolder, seen: Seen) -> Iterator[str]:
    """Yield the sampled signals that the design drives."""
    driven: set[str] = set()
    for one in folder.design.streams:
        driven |= {signal for signal, _ in one.offered()} if one.driven else {one.ready or ""}
    for port in folder.design.ports.values():
        driven |= {spec.signal for spec in port.held().values()}
    resets = {one.signal for one in folder.design.resets}
    yield from (name for name in seen.watched if name not in driven and name not in resets)
