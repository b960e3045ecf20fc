"""Which tests notice which seeded bug."""

from __future__ import annotations

from collections.abc import Iterable

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.seeded_bugs import Bug, broken_copy
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.runners.checks.run_checks import CheckFailure
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.simulator import Simulator


class Kill(Frozen):
    """A seeded bug that a test noticed, reproduced in a fresh simulator process.

    Attributes:
        test: digest of the test.
        tests, cycles: how many tests and simulated cycles it took, this one included.
        failure: the first failed check.
    """

    bug: str
    test: str
    tests: int
    cycles: int
    failure: CheckFailure


class Survivor(Frozen):
    """A seeded bug that no test noticed."""

    bug: str
    tests: int
    cycles: int


def hunt(
    folder: DesignFolder,
    plan: Plan,
    bug: Bug,
    tests: Iterable[Test],
    simulator: Simulator,
    max_cycles: int | None = None,
) -> Kill | Survivor:
    """Run `tests` on a copy with `bug` until one fails a check, or the cycles are used up: the last test is cut there.

    Raises:
        BuildError: the broken copy does not build; that is no kill.
    """
    with scratch_folder() as room:
        broken = broken_copy(folder, bug, room)
        cycles = count = 0
        with simulator.open(broken.design) as session:
            bench = Testbench(broken, plan, session)
            for test in tests:
                left = None if max_cycles is None else max_cycles - cycles
                if left is not None and left <= 0:
                    break
                result = bench.run(test, max_cycles=left)
                cycles += result.trace.cycles
                count += 1
                if result.failures and (failure := _confirmed(broken, test, simulator, left)):
                    return Kill(bug=bug.id, test=test.digest, tests=count, cycles=cycles, failure=failure)
        return Survivor(bug=bug.id, tests=count, cycles=cycles)


def _confirmed(folder: DesignFolder, test: Test, simulator: Simulator, left: int | None) -> CheckFailure | None:
    failures = confirm(simulator, folder.design, expand(folder.design, folder.schema, test, left), folder.model)
    return failures[0] if failures else None
