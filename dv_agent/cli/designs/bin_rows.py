"""Every bin of a design for programs and readers: what it stands for, and exactly what hits it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Bin, Covergroup
from dv_agent.designs.language.expression import Expression
from dv_agent.designs.loader import DesignFolder
from dv_agent.prompts.feedback.column_texts import meanings_of


def bin_rows(folder: DesignFolder) -> list[dict[str, Any]]:
    """Return a row for each bin, with stable keys for ``--json``; `columns` define the words of `definition`."""
    plan = plan_of(folder)
    return [_row(folder, plan, plan.covergroup_of(one), one) for one in plan.bins]


def _row(folder: DesignFolder, plan: Plan, group: Covergroup, one: Bin) -> dict[str, Any]:
    row = {"id": one.id, "tier": one.tier, "description": one.description, "covergroup": group.description}
    if group.name == CODE:
        return row
    conditions = _conditions(group, one)
    texts = [*(of for of, _ in conditions), *([group.when] if group.when else [])]
    where = f", where {group.when.text}" if group.when else ""
    told = " and ".join(f"{of.text} = {values}" for of, values in conditions)
    return {
        **row,
        "definition": f"a row of {group.on} with {told}{where}",
        "columns": meanings_of(plan, folder.design, group.on, dict.fromkeys(_names(texts))),
    }


def _conditions(group: Covergroup, one: Bin) -> list[tuple[Expression, str]]:
    """Return each expression that decides on a bin, with the values that hit it."""
    points = {point.name: point for point in group.coverpoints}
    if not one.members:
        return [(points[one.item].of, " then ".join(map(str, one.values)))]
    crossed = next(cross.of for cross in group.crosses if cross.name == one.item)
    values = {(point.name, part.name): part.values[0] for point in group.coverpoints for part in point.bins}
    return [(points[name].of, str(values[name, member])) for name, member in zip(crossed, one.members, strict=True)]


def _names(texts: Iterable[Expression]) -> list[str]:
    return [name for text in texts for name in sorted(text.names())]
