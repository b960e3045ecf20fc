"""The covergroup ``code``: one bin for each point of code coverage, sampled on the counters of a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from dv_agent.coverage.code.points import CodePoint, CodePoints
from dv_agent.coverage.plan import Plan, build_plan
from dv_agent.coverage.structure import Bin, Covergroup, Coverpoint, Excluded, Tier
from dv_agent.coverage.values import value_set
from dv_agent.designs.code.counter import CODE_KINDS, CodeKind
from dv_agent.designs.language.expression import parse
from dv_agent.designs.observation import Table
from dv_agent.errors import InputFileError, SimulationError, UsageError

Goal = Literal["functional", "code", "both"]
"""What a run wants to cover: the plan, the points of the RTL, or both."""
GOALS: tuple[Goal, ...] = get_args(Goal)
CODE = "code"
"""Name of the covergroup and of its event table."""
_WORDS: dict[CodeKind, str] = {
    "line": "blocks of statements that ran",
    "branch": "both ways of each if and ?:",
    "expression": "each term that decides a condition",
    "toggle": "each signal, up and down",
}
# The order in which holes are shown: what did not run at all comes first.
_TIERS: dict[CodeKind, Tier] = {"line": "easy", "branch": "easy", "expression": "medium", "toggle": "medium"}


def with_code(plan: Plan, points: CodePoints, *, alone: bool = False) -> Plan:
    """Return `plan` with the covergroup `code` behind its own; `alone`: with nothing else.

    Raises:
        InputFileError: the plan has a covergroup of that name, or reads a table of that name.
        UsageError: `alone`, and the RTL has no point that a test could hit.
    """
    if not points.alive:
        if alone:
            raise UsageError("the RTL has no point of code coverage that a test could hit: --goal functional")
        return plan
    for group in plan.covergroups:
        if CODE in (group.name, group.on):
            raise InputFileError(
                plan.path, f"{CODE!r} is the covergroup and table of code coverage; rename", group.line
            )
    groups = () if alone else plan.covergroups
    return replace(build_plan(plan.path, (*groups, code_group(points)), plan.columns), code=points)


def code_group(points: CodePoints) -> Covergroup:
    """Return the covergroup of `points`; its table has one row for each point that a test hit."""
    return Covergroup(
        name=CODE, on=CODE, line=None, when=None, when_line=None, weight=1,
        description="code coverage of the RTL",
        coverpoints=_with_ignored([_coverpoint(kind, points) for kind in CODE_KINDS if _of(kind, points)]), crosses=(),
    )  # fmt: skip


def _with_ignored(found: list[Coverpoint]) -> tuple[Coverpoint, ...]:
    """Leave out coverpoints without a bin; what they ignore stands at the first of the others."""
    kept = [one for one in found if one.bins]
    lost = tuple(dead for one in found if not one.bins for dead in one.ignored)
    return (replace(kept[0], ignored=kept[0].ignored + lost), *kept[1:]) if kept else ()


def _of(kind: CodeKind, points: CodePoints) -> list[tuple[int, CodePoint]]:
    return [(index, one) for index, one in enumerate(points.points) if one.kind == kind]


def _coverpoint(kind: CodeKind, points: CodePoints) -> Coverpoint:
    found = _of(kind, points)
    bins = tuple(
        Bin(
            id=f"{CODE}.{kind}.{one.name}", covergroup=CODE, item=kind, name=one.name, kind="value", tier=_TIERS[kind],
            description=one.description, at_least=1, weight=1, values=(value_set([(index, index)]),),
        )
        for index, one in found
        if not one.excluded
    )  # fmt: skip
    dead = tuple(
        Excluded(f"{CODE}.{kind}.{one.name}", one.excluded, (value_set([(index, index)]),))
        for index, one in found
        if one.excluded
    )
    return Coverpoint(
        name=kind, kind="value", of=parse("point"), line=None, weight=1, hidden=False, description=_WORDS[kind],
        bins=bins, ignored=dead, illegal=(), ordered=False,
    )  # fmt: skip


class CodeSampler:
    """Turns the counters of a test into rows of the table `code`.

    Args:
        points: the points of the build that plays the tests.
    """

    def __init__(self, points: CodePoints) -> None:
        self._points = points
        groups = [group for one in points.points for group in one.groups]
        self._counters = np.array([counter for group in groups for counter in group], dtype=np.int64)
        self._groups = np.cumsum([0, *map(len, groups)], dtype=np.int64)[:-1]
        self._starts = np.cumsum([0, *(len(one.groups) for one in points.points)], dtype=np.int64)[:-1]
        self._dead = np.array([bool(one.excluded) for one in points.points], dtype=np.bool_)
        self._most = int(self._counters.max(initial=-1))

    def table(self, code: bytes) -> Table:
        """Return the points that a test hit, ascending, in the column ``point``.

        Args:
            code: see `dv_agent.runners.simulator.Run`.

        Raises:
            SimulationError: the counters are those of another build, or a point was hit that was excluded.
        """
        bits = np.unpackbits(np.frombuffer(code, dtype=np.uint8), bitorder="little")
        if len(bits) <= self._most:
            raise SimulationError(f"the simulator has {len(bits)} counters of code coverage, not {self._most + 1}")
        if not len(self._counters):
            return Table({"point": np.zeros(0, np.int64)})
        grouped = np.logical_or.reduceat(bits[self._counters], self._groups)
        hit = np.logical_and.reduceat(grouped, self._starts)
        if (wrong := np.flatnonzero(hit & self._dead)).size:
            one = self._points.points[int(wrong[0])]
            raise SimulationError(
                f"{CODE}.{one.kind}.{one.name} was hit, although it was excluded ({one.excluded}): this is a fault of "
                "dv-agent; please report it with the RTL (and with certificate-code.json, if that excludes it)"
            )
        return Table({"point": np.flatnonzero(hit).astype(np.int64)})
