"""Random plans and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.files.documents import Document
from dv_agent.designs.observation import Table

VALUES = list(range(-5, 6))
EXPRESSIONS = ["a", "b", "m0", "m1", "a + b", "a == b", "m0 - 2 * m1", "2"]
# Values far apart take the search instead of the table.
FACTORS = [1, 1, 1, 100_003]


@st.composite
def value_points(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A coverpoint whose bins are a random partition of some values; label 4 ignored, 5 illegal."""
    factor = draw(st.sampled_from(FACTORS))
    expression = draw(st.sampled_from(EXPRESSIONS))
    labels = draw(st.lists(st.sampled_from([None, 0, 0, 1, 2, 3, 4, 5]), min_size=len(VALUES), max_size=len(VALUES)))
    sets: dict[int, list[int]] = {}
    for value, label in zip(VALUES, labels, strict=True):
        if label is not None:
            sets.setdefault(label, []).append(value * factor)
    if not sets.keys() & {0, 1, 2, 3}:
        sets[0] = [17 * factor]
    bins = {f"b{label}": {"values": values} for label, values in sets.items() if label < 4}
    if draw(st.booleans()):
        bins["range"] = {"range": [20, 30]}
    point: dict[str, Any] = {
        "name": name,
        "of": expression if factor == 1 else f"({expression}) * {factor}",
        "bins": bins,
    }
    for label, key in ((4, "ignore"), (5, "illegal")):
        if label in sets:
            point[key] = {f"x{label}": {"values": sets[label], "why": "drawn"}}
    return point


@st.composite
def transition_points(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A coverpoint of transitions of 2 to 4 positions."""
    position = st.lists(st.sampled_from(VALUES[3:8]), min_size=1, max_size=3)
    sequences = draw(st.lists(st.lists(position, min_size=2, max_size=4), min_size=1, max_size=4))
    point: dict[str, Any] = {
        "name": name,
        "of": draw(st.sampled_from(EXPRESSIONS[:4])),
        "transitions": {f"t{i}": sequence for i, sequence in enumerate(sequences)},
    }
    if draw(st.booleans()):
        # Five positions: no bin has as many, so that it cannot overlap one.
        sequence = draw(st.lists(position, min_size=5, max_size=5))
        point["illegal"] = {"bad": {"sequence": [VALUES, *sequence[1:2], VALUES, VALUES, VALUES], "why": "drawn"}}
    return point


@st.composite
def covergroups(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A covergroup with 1 to 3 coverpoints of values, at most one of transitions, at most two crosses."""
    points = [draw(value_points(f"p{i}")) for i in range(draw(st.integers(1, 3)))]
    group: dict[str, Any] = {"name": name, "on": draw(st.sampled_from(["t", "u"])), "coverpoints": points}
    if len(points) > 1:
        group["crosses"] = [_cross(draw, f"x{i}", points) for i in range(draw(st.integers(0, 2)))]
        if not group["crosses"]:
            del group["crosses"]
        elif draw(st.booleans()):
            points[int(group["crosses"][0]["of"][0][1:])]["hidden"] = True
    if draw(st.booleans()):
        points.append(draw(transition_points("moves")))
    if draw(st.booleans()):
        group["when"] = draw(st.sampled_from(["a > 0", "m0 != 1", "1", "0", "a != b and b < 2"]))
    return group


def _cross(draw: st.DrawFn, name: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    of = draw(st.permutations([point["name"] for point in points]))[: draw(st.integers(2, len(points)))]
    bins = {point["name"]: list(point["bins"]) for point in points}
    cross: dict[str, Any] = {"name": name, "of": list(of)}
    if len(bins[of[0]]) > 1 and draw(st.booleans()):
        cross["ignore"] = [{"when": {of[0]: draw(st.sampled_from(bins[of[0]]))}, "why": "drawn"}]
    return cross


def plan_from(data: dict[str, Any]) -> Plan:
    """The plan of plain data."""
    return parse_plan(Document(Path("plan.yaml"), json.dumps(data)))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of one or two covergroups."""
    groups = [draw(covergroups(f"g{i}")) for i in range(draw(st.integers(1, 2)))]
    return plan_from({"schema_version": 1, "covergroups": groups})


@st.composite
def event_tables(draw: st.DrawFn) -> dict[str, Table]:
    """Tables ``t`` and perhaps ``u`` of up to 12 rows."""
    return {name: _table(draw) for name in ["t", *draw(st.sampled_from([["u"], []]))]}


def _table(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(0, 12))
    cells = st.lists(st.sampled_from([*VALUES, 25, 1 << 62, -(1 << 40)]), min_size=4 * rows, max_size=4 * rows)
    if draw(st.booleans()):
        cells = st.lists(st.sampled_from(VALUES[4:7]), min_size=4 * rows, max_size=4 * rows)
    grid = np.array(draw(cells), dtype=np.int64).reshape(rows, 4)
    # The expressions scale and add; keep what they make inside int64.
    grid = np.clip(grid, -(1 << 42), 1 << 42)
    columns = {"a": grid[:, 0], "b": grid[:, 1], "m": grid[:, 2:]}
    steps = np.array(draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)), dtype=np.int64)
    if draw(st.booleans()):
        columns["cycle"] = np.cumsum(steps)
    if draw(st.booleans()):
        columns["epoch"] = np.cumsum(steps == 3)
    return Table(columns)
