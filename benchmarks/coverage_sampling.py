"""Speed of functional coverage sampling: ``python benchmarks/coverage_sampling.py``.

A sample is one row of a table of 5 coverpoints with 20 bins each and one cross of 20 x 20. The plain
sampler does the same, without distances, with one dict of bins per coverpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.holes import holes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.coverage.totals import summarise
from dv_agent.designs.files.documents import Document
from dv_agent.designs.observation import Table

SAMPLES = """
schema_version: 1
covergroups:
  - name: g
    on: t
    coverpoints: [{points}]
    crosses: [{{name: x, of: [p0, p1]}}]
"""
MIXED = """
schema_version: 1
covergroups:
  - name: reduction
    on: t
    coverpoints:
      - {name: n, of: "v0 >> 3", auto: {range: [0, 12]}}
      - {name: r, of: "v0 & 7", auto: {range: [0, 7]}}
      - {name: wide, of: "v1 * v2", bins: {none: 0, low: [1, 100], mid: [101, 5000], high: [5001, 1000000]}}
    crosses: [{name: nr, of: [n, r]}]
  - name: lengths
    on: t
    when: "v4 > 20"
    coverpoints:
      - name: pairs
        of: "v3 & 3"
        transitions: {short: [[0], [3]], long: [[3], [0]], rise: [[0], [1], [2], [3]], stay: [[2], [2], [2]]}
      - {name: a, of: "v3 // 10", auto: {range: [0, 9]}}
      - {name: b, of: "v4 // 10", auto: {range: [0, 9]}}
    crosses: [{name: ab, of: [a, b]}]
  - name: shifts
    on: t
    coverpoints:
      - {name: s0, of: "v2 & 15", auto: {range: [0, 15]}}
      - {name: s1, of: "v3 & 15", auto: {range: [0, 15]}}
      - {name: s2, of: "v4 & 15", auto: {range: [0, 15]}}
"""


def plan_of(text: str) -> Plan:
    """The plan written in `text`."""
    return parse_plan(Document(Path("plan.yaml"), text))


def best_time(work: Callable[[], object], seconds: float = 0.5) -> float:
    """Least seconds of one call, over about `seconds` of calls."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def random_table(rows: int) -> Table:
    """Five columns of values from 0 to 104, so that a few values fall in no bin."""
    draw = np.random.default_rng(1)
    return Table({f"v{i}": draw.integers(0, 105, rows) for i in range(5)} | {"cycle": np.arange(rows)})


def plain_sampler(table: Table) -> Callable[[], object]:
    """The same work in plain Python, values already in lists."""
    columns = [table.columns[f"v{i}"].tolist() for i in range(5)]
    number = {value: value // 5 for value in range(100)}

    def work() -> object:
        hits = [[0] * 20 for _ in columns]
        cross = [0] * 400
        for row in zip(*columns, strict=True):
            found = [number.get(value) for value in row]
            for counts, place in zip(hits, found, strict=True):
                if place is not None:
                    counts[place] += 1
            if found[0] is not None and found[1] is not None:
                cross[found[0] * 20 + found[1]] += 1
        return hits, cross

    return work


def main() -> None:
    """Print the figures."""
    points = ", ".join(f'{{name: p{i}, of: "v{i}", auto: {{range: [0, 99], size: 5}}}}' for i in range(5))
    plan = plan_of(SAMPLES.format(points=points))
    sampler = Sampler(plan)
    every = np.arange(len(plan.bins))
    for rows in (64, 10_000):
        tables = {"t": random_table(rows)}
        taken = best_time(lambda tables=tables: sampler.sample(tables))  # type: ignore[misc]
        near = best_time(lambda tables=tables: sampler.sample(tables, every))  # type: ignore[misc]
        plain = best_time(plain_sampler(tables["t"]))
        print(
            f"{rows:6} rows, {len(plan.bins)} bins: {rows / taken / 1e6:6.2f} M samples/s ({taken * 1e6:.0f} us), ",
            end="",
        )
        print(f"{plain / taken:.1f} x plain Python; with all distances {near * 1e6:.0f} us")
    mixed = plan_of(MIXED)
    sampler, tables = Sampler(mixed), {"t": random_table(64)}
    coverage = empty_coverage(mixed)
    sample = sampler.sample(tables, coverage.open_bins)
    later = coverage.add(sample, "one", 1)
    figures = {
        "sample 64 rows": lambda: sampler.sample(tables),
        "sample 64 rows, distances of all bins": lambda: sampler.sample(tables, coverage.open_bins),
        "sample 64 rows, distances of the holes": lambda: sampler.sample(tables, later.open_bins),
        "add to coverage": lambda: later.add(sample, "two", 2),
        "summarise": lambda: summarise(later),
        "list the holes": lambda: holes(mixed, later),
    }
    for name, work in figures.items():
        print(f"{len(mixed.bins)} bins, {len(mixed.covergroups)} covergroups: {name}: {best_time(work) * 1e6:.0f} us")


if __name__ == "__main__":
    main()
