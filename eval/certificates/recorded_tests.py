"""The tests whose hits are witnesses: given ones, or, for a design that has none, those of a short search."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.certificates.storage import WITNESS, witness_name
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.certificates.cross_check import Played
from dv_agent.eval.mutants.clean_tests import Given
from dv_agent.eval.soundness.kill_table import make_tests
from dv_agent.runners.simulator import Session, Simulator


def play_given(
    folder: DesignFolder, plan: Plan, simulator: Simulator, words: str, given: Sequence[Given],
    say: Callable[[str], None],
) -> list[Played]:  # fmt: skip
    """Simulate given tests.

    Args:
        words: what a test is called, before its number; witnesses of the design have the name of `witness_name`.

    Raises:
        UsageError: a test does not fit the design any more.
        SimulationError: the simulator failed.
    """
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        return [*_played(bench, words, ((one.test, one.max_cycles) for one in given), say)]


def play_found(
    folder: DesignFolder, plan: Plan, simulator: Simulator, cycles: int, seed: int, say: Callable[[str], None]
) -> list[Played]:
    """Simulate tests of `cycles` cycles in all, half of them random, half from coverage-guided search."""
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        tests = [*_random(folder, session, cycles // 2, seed), *make_tests(bench, SearchAgent(seed), cycles // 2)]
        return [*_played(bench, "search test", ((one, None) for one in tests), say)]


def _random(folder: DesignFolder, session: Session, cycles: int, seed: int) -> Iterator[Test]:
    chance = random.Random(f"certificate/{seed}")
    while cycles > 0:
        test = random_test(folder.design, folder.schema, chance)
        cycles -= max(session.run(Given(test=test).program(folder)).trace.cycles, 1)
        yield test


def _played(
    bench: Testbench, words: str, tests: Iterator[tuple[Test, int | None]], say: Callable[[str], None]
) -> Iterator[Played]:
    for number, (test, cycles) in enumerate(tests):
        try:
            simulated = bench.simulate(test, cycles)
        except StimulusError as error:
            raise UsageError(f"{words} {number} does not fit the design: {error}") from None
        say(f"playing tests: {number + 1}")
        (result,) = bench.sampled([simulated])
        name = witness_name(test) if words == WITNESS else f"{words} {number}"
        yield Played(name, simulated.run.rows, simulated.tables, result.sample)
