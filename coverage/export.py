"""Coverage for machines and for people: JSON, CSV, Markdown."""

from __future__ import annotations

import csv
import io
from typing import Literal

from dv_agent.coverage.database import Coverage
from dv_agent.coverage.holes import Hole, holes
from dv_agent.coverage.structure import Kind, Tier
from dv_agent.coverage.totals import Summary, Totals, summarise
from dv_agent.designs.frozen import Frozen


class BinReport(Frozen):
    """One bin of a `Report`."""

    id: str
    covergroup: str
    item: str
    name: str
    kind: Kind
    tier: Tier
    description: str
    at_least: int
    weight: int
    hits: int
    covered: bool
    observable: bool
    first_test: str | None
    first_turn: int | None


class IllegalReport(Frozen):
    """One illegal bin of a `Report`."""

    id: str
    why: str
    hits: int


class Ignored(Frozen):
    """Something that the plan keeps out, with the argument."""

    id: str
    why: str


class Report(Frozen):
    """All that is known about coverage; the fields of version 1 keep their meaning."""

    schema_version: Literal[1] = 1
    plan_hash: str
    tests: int
    summary: Summary
    bins: tuple[BinReport, ...]
    holes: tuple[Hole, ...]
    illegal: tuple[IllegalReport, ...]
    ignored: tuple[Ignored, ...]


def report(coverage: Coverage) -> Report:
    """Everything about `coverage`, in plan order."""
    plan = coverage.plan
    counts = coverage.illegal_hits.tolist()
    return Report(
        plan_hash=plan.hash,
        tests=coverage.tests,
        summary=summarise(coverage),
        bins=tuple(_bin(coverage, index) for index in range(len(plan.bins))),
        holes=holes(plan, coverage),
        illegal=tuple(
            IllegalReport(id=one.id, why=one.why, hits=hits) for one, hits in zip(plan.illegal, counts, strict=True)
        ),
        ignored=tuple(Ignored(id=one.id, why=one.why) for one in plan.ignored),
    )


def to_json(coverage: Coverage) -> str:
    """`Report` as JSON."""
    return report(coverage).model_dump_json(indent=1)


def to_csv(coverage: Coverage) -> str:
    """One line a bin under a header with the field names of `BinReport`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(BinReport.model_fields), lineterminator="\n")
    writer.writeheader()
    for index in range(len(coverage.plan.bins)):
        writer.writerow(_bin(coverage, index).model_dump())
    return out.getvalue()


def to_markdown(coverage: Coverage) -> str:
    """Tables of the totals: overall and by tier, then by coverpoint and cross."""
    summary = summarise(coverage)
    lines = _table("", {"all": summary.overall} | summary.tiers)
    for group, totals in summary.covergroups.items():
        inner = {name.split(".", 1)[1]: one for name, one in summary.items.items() if name.split(".", 1)[0] == group}
        lines += ["", *_table(group, {"all": totals} | inner)]
    return "\n".join(lines) + "\n"


def _table(title: str, rows: dict[str, Totals]) -> list[str]:
    head = [f"| {title} | bins hit | coverage |", "|---|---:|---:|"]
    return head + [f"| {name} | {one.bins_hit}/{one.bins} | {one.coverage_pct:.2f} % |" for name, one in rows.items()]


def _bin(coverage: Coverage, index: int) -> BinReport:
    one, first = coverage.plan.bins[index], coverage.first_test(index)
    hits = int(coverage.hits[index])
    return BinReport(
        id=one.id, covergroup=one.covergroup, item=one.item, name=one.title, kind=one.kind, tier=one.tier,
        description=one.description, at_least=one.at_least, weight=one.weight, hits=hits,
        covered=hits >= one.at_least, observable=bool(coverage.observable[index]),
        first_test=first[1] if first else None, first_turn=first[0] if first else None,
    )  # fmt: skip
