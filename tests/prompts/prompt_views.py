"""Views for tests of prompts: of a real design before its first turn, and of a design with one port of every kind."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from small_design import small_design, small_schema

from dv_agent.coverage.code.group import with_code
from dv_agent.coverage.code.points import merge_counters
from dv_agent.coverage.database import Coverage, empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.holes import holes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.designs.reader.analysis import build_module
from dv_agent.designs.reader.from_pyslang import parse
from dv_agent.designs.reader.structure import Structure
from dv_agent.prompts.unnoticed import Unnoticed
from dv_agent.prompts.view import Attempt, Exchange, Near, Outcome, Played, View, Window

PLAN = """\
schema_version: 1
columns: {dbg_level: beats inside}
covergroups:
  - name: level
    on: cycle
    description: How full the design is
    coverpoints:
      - name: now
        of: dbg_level
        description: "a level of {value}"
        bins: {empty: 0, some: {values: [1, 3]}, full: {range: [7, 7], tier: hard, at_least: 2}}
      - name: climb
        of: dbg_level
        transitions: {up: [[0], [1, 3], [7]]}
      - name: moving
        of: "dbg_level != 0"
        hidden: true
        auto: {range: [0, 1]}
    crosses:
      - name: both
        of: [now, moving]
        ignore: [{when: {now: empty, moving: "1"}, why: "empty does not move"}]
"""
SPECIFICATION = "# small\n\nIt adds.\n\n## 1. Input\n\nTwo lanes.\n\n## 2. Output\n\nOne lane.\n"

UNNOTICED = (
    Unnoticed(place="rtl/small.v:7", change="+ becomes -", diff="-    a + b\n+    a - b", missing="stimulus",
              shown="y is 3, expected 5"),
    Unnoticed(place="rtl/small.v:9", change="dbg is stuck at 0", missing="check", shown="dbg is 0 in cycle 6, not 1"),
)  # fmt: skip


RTL = """\
module smallest (input clk, input rst, input in_valid, output in_ready, output reg [2:0] dbg_level);
  localparam FULL = 3'd7;
  localparam EMPTY = 3'd0;
  assign in_ready = dbg_level != FULL;
  always @(posedge clk)
    if (rst) dbg_level <= EMPTY;
    else if (in_valid && in_ready) dbg_level <= FULL;
endmodule
"""


class SmallRtl:
    """RTL that was never simulated: a register, a state machine of two states, a comparison."""

    files = (("small.v", RTL),)
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def structure(self) -> Structure:
        with tempfile.TemporaryDirectory() as room:
            (Path(room) / "small.v").write_text(RTL, encoding="utf-8")
            modules = tuple(build_module(one) for one in parse(Request(sources=(Path(room) / "small.v",))))
        return Structure(top="smallest", front_end="pyslang", modules=modules)


def softmax_view(**more: object) -> View:
    return first_view("mxint_softmax", **more)


def first_view(name: str, **more: object) -> View:
    """What an agent knows of a design before its first turn."""
    folder = find_design(name)
    plan = plan_of(folder)
    coverage = empty_coverage(plan)
    left = {"cycles": 200_000, "calls": 50}
    return View(
        folder.design, folder.schema, folder.specification, plan, coverage, holes(plan, coverage), 0,
        **{"budget_left": left, **more},  # type: ignore[arg-type]
    )  # fmt: skip


def small_view(folder: Path, turn: int = 0, seen: bool = False, **more: object) -> View:
    """The design with one port of every kind; if `seen`, after a test that hit one bin and came near to others."""
    path = folder / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    plan = load_plan(path)
    coverage = _measured(plan) if seen else empty_coverage(plan)
    return View(
        small_design(), small_schema(), SPECIFICATION, plan, coverage, holes(plan, coverage), turn,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _measured(plan: Plan) -> Coverage:
    figures = {
        "level.now.empty": (1, 0), "level.now.some": (0, 0), "level.climb.up": (2, 0), "level.both.some+0": (1, 3),
        "level.both.full+1": (1, 4),
    }  # fmt: skip
    coverage = empty_coverage(plan)
    hits, distance, residual = coverage.hits.copy(), coverage.distance.copy(), coverage.residual.copy()
    for name, (far, rest) in figures.items():
        index = plan.index(name)
        hits[index], distance[index], residual[index] = far == 0, far, rest
    observable = np.ones(len(plan.bins), dtype=np.bool_)
    return replace(coverage, tests=1, hits=hits, distance=distance, residual=residual, observable=observable)


def coded(view: View) -> View:
    """The view with code coverage as a further goal: one point was hit, one is excluded, three are open."""
    shared = {"file": "rtl/small.v", "module": "smallest", "instance": "dut"}
    counters = (
        CodeCounter(index=0, kind="line", line=5, column=3, comment="block", lines=((5, 5),), **shared),
        CodeCounter(index=1, kind="branch", line=7, column=10, comment="if", lines=((7, 7),), **shared,
                    conditions=("!rst", "in_valid && in_ready")),
        CodeCounter(index=2, kind="branch", line=7, column=11, comment="else", **shared, dead="never"),
        CodeCounter(index=3, kind="expression", line=7, column=23, comment="(in_valid==0) => 0", **shared),
        CodeCounter(index=4, kind="toggle", line=1, column=72, comment="dbg_level[0]:0->1", **shared),
    )  # fmt: skip
    plan = with_code(view.plan, merge_counters(counters))
    coverage = empty_coverage(plan)
    hits = coverage.hits.copy()
    hits[plan.index("code.line.small-5-block")] = 1
    coverage = replace(coverage, tests=1, hits=hits, observable=np.ones(len(plan.bins), dtype=np.bool_))
    return replace(view, plan=plan, coverage=coverage, holes=holes(plan, coverage), nearest={}, last=())


def busy_view(folder: Path) -> View:
    """A later turn in which every part of a prompt has something to say."""
    test = Test(
        name="a\nname", tracks={"in": ({"row": [{"m": 1, "e": 0}]}, {"idle": 3}), "cfg": ({"write": {"a": 1}},)}
    )
    plan = small_view(folder).plan
    near = (
        Near(plan.index("level.now.empty"), 1.0, {"in": 1}, (1,), 7),
        Near(plan.index("level.climb.up"), 2.0, {"in": 0, "cfg": 0}, (5,), 9),
        Near(plan.index("level.both.some+0"), 1.75, {}, (7, 0), 9),
    )
    failures = ("value: out: cycle 9: expected 1, got 2",)
    outcome = Outcome(test, 120, "drained", (1,), (1,), near, failures, (("in", 0, (1,)),))
    earlier = plan.index("level.both.full+1")
    return small_view(
        folder,
        3,
        seen=True,
        last=(
            outcome,
            Outcome(Test(name="refused"), 0, "refused", (), ()),
            Outcome(Test(name="again"), 30, "drained", (), (1,)),
        ),
        windows=(Window("level.now.empty", "a\nname", ("cycle in_valid", "  *7       1")),),
        errors=("tests[1]: no",),
        budget_left={"cycles": 900, "calls": 4, "tokens": 5_000, "usd": 1.5, "seconds": 30.5},
        nearest={earlier: Attempt(Test(name="old", tracks={"in": ({"idle": 8},)}), Near(earlier, 1.8, {"in": 0}), 1)},
        rtl=SmallRtl(),
        exchanges=(
            Exchange(0, "first question", "first answer", (0,), 1, (("wide", 1), ("none", 0))),
            Exchange(1, "second question", "second answer", (), 1, (("again", 0),)),
        ),
        earned=(outcome,),
        earlier=(Played(Test(name="wide"), 90), Played(Test(name=f"{'long ' * 20}name"), 2_100)),
        earlier_more=3,
    )
