"""A plan that a model wrote: found in its reply, bounded, validated, sampled once; nothing of it is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.thinking import without_thinking
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.cycle_tables import cycle_tables, join
from dv_agent.designs.defaults.tables_from_trace import TraceObserver
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.stimulus import Test
from dv_agent.errors import InputFileError

MOST_CHARACTERS = 100_000
MOST_BINS = 2_000
_BLOCK = re.compile(r"```(?:ya?ml)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
NAME = Path("plan.yaml")


class PlanFault(Exception):
    """A plan that cannot be used; the message is for its author."""


def plan_text_of(reply: str) -> str:
    """Return the last block of YAML in a reply, or all of it if there is no block.

    Raises:
        PlanFault: it is empty or too long.
    """
    body = without_thinking(clean(reply[: 4 * MOST_CHARACTERS]))
    blocks = [block for block in _BLOCK.findall(body) if "covergroups" in block]
    text = blocks[-1] if blocks else body
    if "covergroups" not in text:
        raise PlanFault("no plan in the reply: expected one block of YAML with `schema_version` and `covergroups`")
    if len(text) > MOST_CHARACTERS:
        raise PlanFault(f"the plan has {len(text):,} characters, more than {MOST_CHARACTERS:,}")
    return text


def written_plan(text: str) -> Plan:
    """Return the plan in `text`.

    Raises:
        PlanFault: it is no plan, with the lines that are wrong.
    """
    try:
        plan = parse_plan(Document(NAME, text))
    except InputFileError as error:
        raise PlanFault(str(error)[:2_000]) from None
    if len(plan.bins) > MOST_BINS:
        raise PlanFault(f"the plan has {len(plan.bins):,} bins, more than {MOST_BINS:,}")
    if not plan.bins:
        raise PlanFault("the plan has no bin")
    return plan


def check_tables(plan: Plan, columns: Mapping[str, tuple[str, ...]]) -> None:
    """Check that a plan reads tables and columns that exist.

    Raises:
        PlanFault: it does not; what is not offered is not told either.
    """
    for group in plan.covergroups:
        if group.on not in columns:
            raise PlanFault(f"covergroup {group.name}: there is no table {group.on}")
        used = set(group.when.names()) if group.when else set()
        used |= {name for point in group.coverpoints for name in point.of.names()}
        if unknown := sorted(used - set(columns[group.on])):
            raise PlanFault(f"covergroup {group.name}: table {group.on} has no column {', '.join(unknown)[:200]}")


def offered_columns(bench: Testbench) -> dict[str, tuple[str, ...]]:
    """Return table -> columns of what every design has, by playing an empty test; a lane is a column of its own."""
    design = bench.folder.design
    trace = bench.run(Test()).trace
    shared = cycle_tables(design, trace)
    tables = join({**TraceObserver(design).observe(trace).tables, **shared}, shared["cycle"])
    found = {}
    for name, table in tables.items():
        columns: list[str] = []
        for column, values in table.columns.items():
            columns += [column] if values.ndim == 1 else [f"{column}{lane}" for lane in range(values.shape[1])]
        found[name] = tuple(columns)
    return found
