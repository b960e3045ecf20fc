"""What is no bin although it looks like one, and what a bin of code means: for plans that no person wrote."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Covergroup, Cross, Excluded

MOST = 12
_REASON = 100
CODE_WORDS = {
    "line": "a name is FILE-LINE-WHAT; hit if the block of statements that begins there ran",
    "branch": "a name is FILE-LINE-WHAT; hit if that way of the if or ?: was taken: if, else, elsif, case; cond_then "
    "is the value before the colon of a ?:, cond_else the one behind it",
    "expression": "a name is FILE-LINE-eN, the Nth row of the condition there, behind it that row; hit if in some "
    "cycle the terms had these values; terms that are not named do not matter",
    "toggle": "a name is MODULE-SIGNAL; hit by one test in which some bit of the signal rose, and some bit of it fell, "
    "at any time from power-up on; which bits does not matter",
}


def no_bins(plan: Plan, group: Covergroup, item: str) -> str:
    """Return what of a coverpoint or a cross is no bin, so that nobody aims at it; empty if nothing is left out."""
    for cross in group.crosses:
        if cross.name == item:
            return _of_cross(plan, group, cross)
    excluded = [one for point in group.coverpoints if point.name == item for one in (*point.ignored, *point.illegal)]
    if group.name == CODE:  # all of them stand at the first coverpoint that has bins
        excluded = [one for one in excluded if one.id.split(".")[1:2] == [item]]
    return _listed(map(_named, excluded), len(excluded))


def _of_cross(plan: Plan, group: Covergroup, cross: Cross) -> str:
    """Return the combinations of members of which no bin was made."""
    points = {point.name: point for point in group.coverpoints}
    there = {one.members for one in cross.bins}
    every = product(*([one.name for one in points[name].bins] for name in cross.of))
    missing = ["+".join(one) for one in every if one not in there]
    return _listed(missing, len(missing))


def _named(one: Excluded) -> str:
    name = one.id.split(".", 2)[-1]
    return f"{name} ({one.why[:_REASON]})" if one.why else name


def _listed(names: Iterable[str], count: int) -> str:
    shown = [name for name, _ in zip(names, range(MOST), strict=False)]
    return ", ".join(shown) + (f" and {count - MOST} more" if count > MOST else "")
