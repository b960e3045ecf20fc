"""Search for witnesses, reduced to few and short tests.

The *targets* of a witness are the bins that it hits and the seeded bugs that it exposes.

1. **Find**: the search agent runs with a large budget, starting from the known tests, until all bins are hit.
2. **Choose**: a greedy set cover over the targets of each candidate (most new targets per cycle first).
3. **Trim**: steps are removed from each chosen test while it still reaches the targets that only it reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.stimulus import StimulusError, Test

Say = Callable[[str], None]
Target = int | str
"""The index of a bin, or the id of a seeded bug."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A test and its targets, when it runs alone."""

    test: Test
    targets: frozenset[Target]
    cycles: int


@dataclass(frozen=True, slots=True)
class WitnessSearch:
    """Search on the clean design and on one copy for each seeded bug."""

    clean: Testbench
    broken: Mapping[str, Testbench]

    def measure(self, test: Test, bugs: Collection[Target] | None = None) -> Candidate | None:
        """Simulate `test` and return its targets; None if it is refused or fails a check on the clean design.

        Args:
            bugs: the bugs to try; None: all.
        """
        try:
            result = self.clean.run(test)
        except StimulusError:
            return None
        if result.failures:
            return None
        hit: set[Target] = set((result.sample.hits >= self.clean.plan.at_least).nonzero()[0].tolist())
        for bug, bench in self.broken.items():
            if (bugs is None or bug in bugs) and bench.run(test).failures:
                hit.add(bug)
        return Candidate(test, frozenset(hit), result.trace.cycles)

    def candidates(self, tests: Sequence[Test]) -> list[Candidate]:
        """Return `tests` with their targets; tests that fail a check on the clean design are left out."""
        return [found for test in tests if (found := self.measure(test))]

    def find(self, agent: Agent, known: Sequence[Candidate], cycles: int, say: Say) -> list[Candidate]:
        """Let `agent` search for the bins that `known` does not hit; return the tests that covered one.

        Args:
            cycles: simulated cycles for the search; 0: no search.
        """
        if not cycles:
            return []
        budget, bench = Budget(cycles=cycles, calls=None), self.clean
        state = RunState(empty_coverage(bench.plan))
        for index, candidate in enumerate(known):
            result = bench.run(candidate.test)
            state = replace(state, coverage=state.coverage.add(result.sample, f"k{index:05}"))
        gained: list[Candidate] = []
        while not budget.exceeded(state.spent) and len(state.coverage.open_bins):
            state, turn = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
            for record in turn.tests:
                if record.new_bins and (fresh := self.measure(record.test)):
                    gained.append(fresh)
                    say(f"{record.new_bins}, {len(state.coverage.open_bins)} left, {state.spent.cycles:,} cycles")
        return gained

    def trim_all(self, chosen: Sequence[Candidate], say: Say) -> list[Candidate]:
        """Return every test reduced to what its own targets need, one after the other."""
        tests = list(chosen)
        for index, one in enumerate(tests):
            own = one.targets - _union([other for other in tests if other is not one])
            tests[index] = self._trim(one, own)
            say(f"witness {index + 1} of {len(tests)}: {one.cycles} -> {tests[index].cycles} cycles")
        return tests

    def _trim(self, one: Candidate, own: frozenset[Target]) -> Candidate:
        folder = self.clean.folder
        program = expand(folder.design, folder.schema, one.test)
        literal = literal_test(folder.design, folder.schema, program, one.test.name)
        best = self.measure(literal, own) or one
        if not own <= best.targets:
            best = one
        for name in best.test.tracks:
            chunk = max(len(best.test.tracks[name]) // 2, 1)
            while chunk:
                best = self._cut_chunks(best, own, name, chunk)
                chunk //= 2
        return best

    def _cut_chunks(self, best: Candidate, own: frozenset[Target], name: str, chunk: int) -> Candidate:
        """Remove blocks of `chunk` steps of one track, from its end, while the targets `own` are still reached."""
        start = len(best.test.tracks.get(name, ())) - chunk
        while start > -chunk:
            steps = best.test.tracks.get(name, ())
            kept = {**best.test.tracks, name: steps[: max(start, 0)] + steps[max(start, 0) + chunk :]}
            smaller = best.test.model_copy(update={"tracks": {key: value for key, value in kept.items() if value}})
            measured = self.measure(smaller, own) if len(kept[name]) < len(steps) else None
            if measured and own <= measured.targets and measured.cycles <= best.cycles:
                best = measured
            start -= chunk
        return best


def choose(found: Sequence[Candidate]) -> list[Candidate]:
    """Return a small set that reaches all targets of `found`: chosen greedily, then without redundant members."""
    wanted = left = _union(found)
    chosen: list[Candidate] = []
    while left:
        best = max(found, key=lambda one: (len(one.targets & left) ** 2 / max(one.cycles, 1), -one.cycles))
        chosen.append(best)
        left -= best.targets
    for one in sorted(chosen, key=lambda one: len(one.targets)):
        rest = [other for other in chosen if other is not one]
        if wanted <= _union(rest):
            chosen = rest
    return chosen


def _union(found: Sequence[Candidate]) -> frozenset[Target]:
    return frozenset[Target]().union(*(one.targets for one in found))
