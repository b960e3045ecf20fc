"""The shortest test that shows how a mutant differs: shrinking with two simulators side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dv_agent.agents.failures.attempts import Limits, Tried
from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import ReferenceModel
from dv_agent.errors import SimulatorCrash, SimulatorTimeout
from dv_agent.eval.mutants.clean_tests import Given
from dv_agent.eval.mutants.data_model import DIFFERS, Difference, ShortTest
from dv_agent.eval.mutants.one_mutant.pin_differences import first_difference
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.simulator import Session

LIMITS = Limits(tests=150, cycles=60_000, seconds=20.0)


@dataclass(frozen=True)
class Pair:
    """The clean RTL and a mutant of it, each in a simulator."""

    folder: DesignFolder
    model: ReferenceModel
    clean: Session
    mutant: Session

    def compared(self, given: Given) -> Tried:
        """Play a test on both; a difference at the pins counts as a failed check, of the port and the kind of it."""
        program = given.program(self.folder)
        one = self.clean.run(program)
        two = self.mutant.run(program)
        found = first_difference(self.folder.design, one, two)
        failures = () if found is None else (_as_failure(found),)
        return Tried(failures, one.trace.cycles + two.trace.cycles, two.step_starts)

    def checked(self, given: Given) -> Tried:
        """Play a test on the mutant and check it; a test that fails on the clean RTL too fails nothing."""
        program = given.program(self.folder)
        run = self.mutant.run(program)
        failures = check(self.folder.design, run.trace, self.model.observe(run.trace))
        cycles = run.trace.cycles
        if failures:
            clean = self.clean.run(program)
            cycles += clean.trace.cycles
            if check(self.folder.design, clean.trace, self.model.observe(clean.trace)):
                failures = ()
        return Tried(failures, cycles, run.step_starts)

    def difference(self, data: dict[str, Any] | None, otherwise: Given) -> Difference | None:
        """Return how the two differ in a test."""
        given = Given(test=Test.model_validate(data)) if data is not None else otherwise
        program = given.program(self.folder)
        try:
            return first_difference(self.folder.design, self.clean.run(program), self.mutant.run(program))
        except (SimulatorCrash, SimulatorTimeout):
            return None

    @cached_property
    def _bench(self) -> Testbench:
        return Testbench(self.folder, plan_of(self.folder), self.clean)

    def bins(self, short: ShortTest) -> frozenset[str]:
        """Return the bins that a test hits on the clean RTL."""
        plan, hits = self._bench.plan, self._bench.run(Test.model_validate(short.data)).sample.hits
        return frozenset(plan.bins[place].id for place in hits.nonzero()[0].tolist())


def shortest(pair: Pair, given: Given, failure: CheckFailure | None) -> ShortTest | None:
    """Return a short test that still fails the check of `failure`, or still differs, if that is None.

    It is literal, without loops and random blocks, and found within `LIMITS`. None if it cannot be found at all.
    """
    play = pair.compared if failure is None else pair.checked

    def tried(test: Test) -> Tried:
        return play(Given(test=test, max_cycles=given.max_cycles))

    try:
        if failure is None:
            failures = play(given).failures
            if not failures:
                return None
            failure = failures[0]
        done = shrink(pair.folder.design, pair.folder.schema, given.test, failure, tried, LIMITS)
        cycles = pair.clean.run(Given(test=done.test, max_cycles=given.max_cycles).program(pair.folder)).trace.cycles
    except (SimulatorCrash, SimulatorTimeout):
        return None
    return ShortTest(data=done.test.data(), cycles=cycles, stopped=done.stopped)


def _as_failure(difference: Difference) -> CheckFailure:
    main = difference.aspects[0] if difference.aspects else "end"
    return CheckFailure(
        check=DIFFERS, port=difference.port, field=main, cycle=difference.cycle, message=difference.message
    )
