"""What a plan ignores, sampled like bins: over tables of the model too, of which nothing is proved."""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.tools.decoys import decoy_bins, decoy_plan
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.eval.certificates.cross_check import IGNORED, Played


def ignored_hits(plan: Plan, tests: Sequence[Played]) -> dict[str, str]:
    """Return key of what `plan` ignores -> the first of `tests` that hits it."""
    entries = {one.id: entry.id for entry, one in decoy_bins(plan, chosen=True)}
    if not entries:
        return {}
    sampler = Sampler(decoy_plan(plan, [*entries]))
    found: dict[str, str] = {}
    for test in tests:
        for index in sampler.sample(test.tables, partial=True).hits.nonzero()[0].tolist():
            found.setdefault(f"{IGNORED}{entries[sampler.plan.bins[index].id]}", test.name)
    return found
