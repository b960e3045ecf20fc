"""Plans and tables for the tests of coverage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import numpy as np

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.files.documents import Document
from dv_agent.designs.observation import Table


def plan_of(text: str) -> Plan:
    """The plan written in `text`, which may be indented."""
    return parse_plan(Document(Path("plan.yaml"), dedent(text)))


def points_plan(coverpoints: str, crosses: str = "[]", head: str = "on: t") -> Plan:
    """A plan with one covergroup ``g`` on table ``t``; arguments in flow style."""
    group = f"  - name: g\n    {head}\n    coverpoints: {coverpoints}\n"
    tail = "" if crosses == "[]" else f"    crosses: {crosses}\n"
    return plan_of(f"schema_version: 1\ncovergroups:\n{group}{tail}")


def table(**columns: Sequence[int] | Sequence[Sequence[int]]) -> Table:
    """A table with these columns; nested lists make lanes."""
    return Table({name: np.array(values, dtype=np.int64) for name, values in columns.items()})


def hits_of(plan: Plan, hits: np.ndarray) -> dict[str, int]:
    """The bins that were hit, by the part of the id after the covergroup."""
    return {one.id.split(".", 1)[1]: int(n) for one, n in zip(plan.bins, hits, strict=True) if n}
