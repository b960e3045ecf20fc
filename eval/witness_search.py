"""Finding witnesses, and keeping as few and as small ones as possible.

1. **Find**: the search agent runs with a large budget, from what is known already, until all bins are hit.
2. **Choose**: a greedy set cover over the bins that each candidate hits (most new bins per cycle first).
3. **Trim**: each chosen test loses steps as long as it still hits the bins that only it hits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.expansion import expand
from dv_agent.designs.literal import literal_test
from dv_agent.designs.stimulus import StimulusError, Test

Say = Callable[[str], None]
SMALL_LITERAL = 24


@dataclass(frozen=True, slots=True)
class Candidate:
    """A test and the bins that it hits often enough to cover them alone."""

    test: Test
    bins: frozenset[int]
    cycles: int


def candidates(bench: Testbench, tests: Sequence[Test]) -> list[Candidate]:
    """Simulate `tests`; those that fail a check are left out."""
    found = []
    for test in tests:
        candidate = _measure(bench, test)
        if candidate:
            found.append(candidate)
    return found


def find(bench: Testbench, agent: Agent, known: Sequence[Candidate], cycles: int, say: Say) -> list[Candidate]:
    """Let `agent` look for the bins that `known` leaves open; returns the tests that covered one."""
    budget = Budget(cycles=cycles, calls=None)
    state = RunState(empty_coverage(bench.plan))
    for index, candidate in enumerate(known):
        result = bench.run(candidate.test)
        state = replace(state, coverage=state.coverage.add(result.sample, f"k{index:05}"))
    gained: list[Candidate] = []
    while not budget.exceeded(state.spent) and len(state.coverage.open_bins):
        state, turn = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
        for record in turn.tests:
            if record.new_bins and not record.failures and (candidate := _measure(bench, record.test)):
                gained.append(candidate)
                say(f"{record.new_bins}, {len(state.coverage.open_bins)} left, {state.spent.cycles:,} cycles")
    return gained


def choose(found: Sequence[Candidate]) -> list[Candidate]:
    """A small set that covers what all of `found` cover, greedily; then without members that became redundant."""
    wanted = frozenset[int]().union(*(one.bins for one in found))
    chosen: list[Candidate] = []
    left = wanted
    while left:
        best = max(found, key=lambda one: (len(one.bins & left) ** 2 / max(one.cycles, 1), -one.cycles))
        chosen.append(best)
        left -= best.bins
    for one in sorted(chosen, key=lambda one: len(one.bins)):
        rest = [other for other in chosen if other is not one]
        if wanted <= frozenset[int]().union(*(other.bins for other in rest)):
            chosen = rest
    return chosen


def trim_all(bench: Testbench, chosen: Sequence[Candidate], say: Say) -> list[Candidate]:
    """Every test cut down to what its own bins need, one after the other."""
    tests = list(chosen)
    for index, one in enumerate(tests):
        others = frozenset[int]().union(*(other.bins for other in tests if other is not one))
        tests[index] = _trim(bench, one, one.bins - others)
        say(f"witness {index + 1} of {len(tests)}: {one.cycles} -> {tests[index].cycles} cycles")
    return tests


def _trim(bench: Testbench, one: Candidate, own: frozenset[int]) -> Candidate:
    folder = bench.folder
    program = expand(folder.design, folder.schema, one.test)
    literal = literal_test(folder.design, folder.schema, program, one.test.name)
    best = _measure(bench, literal) or one
    if not own <= best.bins:
        best = one
    for name in best.test.tracks:
        chunk = max(len(best.test.tracks[name]) // 2, 1)
        while chunk:
            start = len(best.test.tracks.get(name, ())) - chunk
            while start > -chunk:
                steps = best.test.tracks.get(name, ())
                kept = {**best.test.tracks, name: steps[: max(start, 0)] + steps[max(start, 0) + chunk :]}
                smaller = best.test.model_copy(update={"tracks": {key: value for key, value in kept.items() if value}})
                measured = _measure(bench, smaller) if len(kept[name]) < len(steps) else None
                if measured and own <= measured.bins and measured.cycles <= best.cycles:
                    best = measured
                start -= chunk
            chunk //= 2
    return best


def _measure(bench: Testbench, test: Test) -> Candidate | None:
    try:
        result = bench.run(test)
    except StimulusError:
        return None
    if result.failures:
        return None
    hit = (result.sample.hits >= bench.plan.at_least).nonzero()[0]
    return Candidate(test, frozenset(hit.tolist()), result.trace.cycles)
