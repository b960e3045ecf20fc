"""Search for the test that kills a seeded bug."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

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

_END = 1 << 62  # of what is known at the end of a test only


class Kill(Frozen):
    """A seeded bug that a test killed, reproduced in a fresh simulator process.

    Attributes:
        test: digest of the test.
        tests, cycles: number of tests and simulated cycles until the kill, including this test.
        failure: the first failed check.
    """

    bug: str
    test: str
    tests: int
    cycles: int
    failure: CheckFailure


class Survivor(Frozen):
    """A seeded bug that no test killed."""

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
    counts: Callable[[Sequence[CheckFailure]], bool] = bool,
) -> Kill | Survivor:
    """Run `tests` on a copy with `bug` until one fails a check or the cycles are used up; the last test is cut there.

    Args:
        counts: whether the failures of a test are a kill, such as `by_value`.

    Raises:
        BuildError: the copy with the bug does not build; this is not a kill.
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
                if counts(result.failures) and (failure := _confirmed(broken, test, simulator, left, counts)):
                    return Kill(bug=bug.id, test=test.digest, tests=count, cycles=cycles, failure=failure)
        return Survivor(bug=bug.id, tests=count, cycles=cycles)


def by_value(failures: Sequence[CheckFailure]) -> bool:
    """Return whether a value is wrong before anything is X or Z, so that a simulator with two values notices it."""
    wrong, unknown = (
        min((_cycle(one) for one in failures if one.by_value is kind), default=math.inf) for kind in (True, False)
    )
    return wrong < math.inf and wrong <= unknown


def _cycle(failure: CheckFailure) -> int:
    return failure.cycle if failure.cycle is not None else _END


def _confirmed(
    folder: DesignFolder, test: Test, simulator: Simulator, left: int | None,
    counts: Callable[[Sequence[CheckFailure]], bool],
) -> CheckFailure | None:  # fmt: skip
    failures = confirm(simulator, folder.design, expand(folder.design, folder.schema, test, left), folder.model)
    return failures[0] if counts(failures) else None
