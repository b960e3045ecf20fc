"""The score of a plan: bins that can be hit, and faults that tests show which close it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import BoolColumn
from dv_agent.eval.soundness.kill_table import make_tests
from dv_agent.eval.soundness.kills import Kill, hunt
from dv_agent.eval.soundness.traffic import accepted_beats
from dv_agent.runners.simulator import Simulator


class PlanScore(Frozen):
    """Scores of one plan.

    Attributes:
        bins, reachable: bins of the plan, and those of them that a witness or a random test hits.
        tests, cycles: the tests that close it: those of the witnesses and of `search` that cover a bin first.
        kills, bugs: seeded bugs that these tests kill.
    """

    bins: int
    reachable: int
    tests: int
    cycles: int
    kills: int
    bugs: int

    @property
    def reachable_percent(self) -> float:
        """Return the share of bins that can be hit."""
        return 100 * self.reachable / self.bins if self.bins else 0.0

    @property
    def kills_per_bin(self) -> float:
        """Return kills per bin."""
        return self.kills / self.bins if self.bins else 0.0


def score_plan(
    folder: DesignFolder,
    plan: Plan,
    simulator: Simulator,
    cycles: int,
    beats: int,
    seed: int = 0,
    *,
    tell: Callable[[str], None],
) -> PlanScore:
    """Return the score of `plan`.

    Args:
        folder: the design; its model gives the tables that the plan reads.
        cycles: of `search`, and of the tests on each bug.
        beats: accepted beats of random tests.
        tell: takes what is being done.

    Raises:
        SimulationError: the simulator failed.
    """
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        witnesses = load_witnesses(folder)
        tell(f"{cycles:,} cycles of search")
        found = make_tests(bench, SearchAgent(seed), cycles)
        closing, used, covered = _closing(bench, [*witnesses, *found], cycles)
        reached = covered | _reached(bench, witnesses, beats, seed, tell)
    bugs, kills = load_bugs(folder), []
    for bug in bugs:
        tell(f"{counted(len(closing), 'test')} on the RTL with {bug.id}, one of {counted(len(bugs), 'bug')}")
        kills.append(hunt(folder, plan, bug, closing, simulator, cycles))
    return PlanScore(
        bins=len(plan.bins), reachable=int(reached.sum()), tests=len(closing), cycles=used,
        kills=sum(isinstance(one, Kill) for one in kills), bugs=len(bugs),
    )  # fmt: skip


def _closing(bench: Testbench, pool: Sequence[Test], cycles: int) -> tuple[list[Test], int, BoolColumn]:
    """Return the tests of `pool` that cover a bin first, within `cycles`, their cycles, and the bins they cover."""
    coverage, kept, used = empty_coverage(bench.plan), list[Test](), 0
    for number, test in enumerate(pool):
        result = bench.run(test)
        after = coverage.add(result.sample, f"{number:06}", 0)
        if int(after.covered.sum()) == int(coverage.covered.sum()) or used + result.trace.cycles > cycles:
            continue
        coverage, used = after, used + result.trace.cycles
        kept.append(test)
    return kept, used, np.asarray(coverage.covered)


def _reached(
    bench: Testbench, witnesses: Sequence[Test], beats: int, seed: int, tell: Callable[[str], None]
) -> BoolColumn:
    """Return bool[bins], which bins the witnesses and random tests hit."""
    results = [bench.run(test) for test in witnesses]
    source, sent = random.Random(f"plan/{seed}"), 0
    hits = np.sum([one.sample.hits for one in results], axis=0) if results else np.zeros(len(bench.plan.bins))
    while sent < beats:
        tell(f"{sent:,} of {beats:,} random beats")
        result = bench.run(random_test(bench.folder.design, bench.folder.schema, source))
        sent += max(1, accepted_beats(bench.folder, result.trace))
        hits = hits + result.sample.hits
    return np.asarray(hits >= bench.plan.at_least)
