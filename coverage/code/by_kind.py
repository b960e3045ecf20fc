"""Counts of code coverage by kind of point, for machines that read the result of a run."""

from __future__ import annotations

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.database import Coverage
from dv_agent.designs.bounds import Count
from dv_agent.designs.code.counter import CODE_KINDS, CodeKind
from dv_agent.designs.frozen import Frozen


class KindCounts(Frozen):
    """The points of one kind; `excluded` ones are no bins, and not among `points`."""

    points: Count
    hit: Count
    excluded: Count


def code_counts(coverage: Coverage) -> dict[CodeKind, KindCounts]:
    """Return the counts of each kind that the RTL has; empty without code coverage."""
    plan = coverage.plan
    if plan.code is None:
        return {}
    items = {item.name: item for item in plan.items if item.covergroup == CODE}
    dead = [one.kind for one in plan.code.points if one.excluded]
    found = {}
    for kind in CODE_KINDS:
        item = items.get(kind)
        covered = coverage.covered[item.start : item.stop] if item else ()
        if item or kind in dead:
            found[kind] = KindCounts(points=len(covered), hit=int(sum(covered)), excluded=dead.count(kind))
    return found
