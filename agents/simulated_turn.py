"""Simulation of the tests of one proposal, within the budget; their coverage is sampled together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.testbench import Result, Simulated, Testbench
from dv_agent.designs.language.stimulus import StimulusError, Test

SAMPLED_TOGETHER = 20_000
"""Simulated cycles after which coverage is sampled at the latest."""


class Refused(NamedTuple):
    """A test that cannot be expanded."""

    test: Test
    error: StimulusError


def simulate_turn(
    spent: Spent, proposal: Proposal, bench: Testbench, budget: Budget, targets: Sequence[int]
) -> Iterator[Result | Refused]:
    """Simulate the tests of a proposal one by one, until the budget is used up; sample many of them together.

    Args:
        targets: the bins that are open before the first test.
    """
    done: list[Simulated | Refused] = []
    waiting = 0
    for test, limit in zip_longest(proposal.tests, proposal.limits[: len(proposal.tests)]):
        if budget.exceeded(spent):
            break
        try:
            simulated = bench.simulate(test, least(limit, budget.cycles_left(spent)))
        except StimulusError as error:
            done.append(Refused(test, error))
            continue
        done.append(simulated)
        cycles = simulated.run.trace.cycles
        spent = spent.model_copy(update={"cycles": spent.cycles + cycles})
        waiting += cycles
        if waiting >= SAMPLED_TOGETHER:  # bounds the memory of a turn
            yield from _results(done, bench, targets)
            done, waiting = [], 0
    yield from _results(done, bench, targets)


def _results(
    done: Sequence[Simulated | Refused], bench: Testbench, targets: Sequence[int]
) -> Iterator[Result | Refused]:
    results = iter(bench.sampled([one for one in done if isinstance(one, Simulated)], targets))
    return (one if isinstance(one, Refused) else next(results) for one in done)


def least(*bounds: int | None) -> int | None:
    """Return the smallest bound; None means no bound."""
    return min((one for one in bounds if one is not None), default=None)
