"""Verilator counts code coverage for each test: on a real build of two modules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import call

from dv_agent.agents.runs.goal import open_goal, simulator_of_goal
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Session, Simulator

GAUGE = str(Path(__file__).parent / "gauge")
NOTHING = Test()


def readings(*words: tuple[int, int]) -> Test:
    """A test that sends readings of kinds."""
    beats = ({"word": [{"reading": reading, "kind": kind}]} for reading, kind in words)
    return Test(tracks={"in": tuple(beats)})


def hits(gauge: DesignFolder, plan: Plan, session: Session, test: Test) -> set[str]:
    found = Testbench(gauge, plan, session).run(test).sample.hits.nonzero()[0]
    return {plan.bins[index].id for index in found}


def test_points_are_bins_behind_those_of_the_plan(plan: Plan) -> None:
    assert [one.name for one in plan.covergroups] == ["reading", "code"]
    assert [item.name for item in plan.items] == ["kind", "line", "branch", "expression", "toggle"]
    one = plan.bins[plan.index("code.line.gauge-36-if")]
    assert one.tier == "easy"
    assert one.description == (
        "rtl/gauge.sv:36: the condition is true (when !rst; take; in_kind == 2'd3 && in_reading == 8'd77)"
    )
    assert not [one.id for one in plan.bins if "dv_wrapper" in one.id]


def test_each_test_hits_what_it_ran_and_no_more(gauge: DesignFolder, plan: Plan, session: Session) -> None:
    """Tests of one process do not see each other's counters."""
    special = hits(gauge, plan, session, readings((77, 3), (0, 0)))
    assert {"code.line.gauge-36-if", "code.line.gauge-40-case", "reading.kind.3"} <= special
    assert "code.line.gauge-41-case" not in special
    idle = hits(gauge, plan, session, NOTHING)
    assert "code.line.gauge-36-if" not in idle
    assert "code.branch.gauge-29-if" in idle  # the reset
    assert hits(gauge, plan, session, readings((77, 3), (0, 0))) == special


def test_two_instances_of_a_module_share_their_points(gauge: DesignFolder, plan: Plan, session: Session) -> None:
    assert "code.line.limiter-10-if" not in hits(gauge, plan, session, readings((100, 0)))
    assert "code.line.limiter-10-if" in hits(gauge, plan, session, readings((150, 0)))  # above the lower cap only


def test_only_verilator_counts_and_is_chosen_where_none_is_named(gauge: DesignFolder, simulator: Simulator) -> None:
    names = {one.index for one in simulator.counters(gauge.design)}
    assert len(names) > 50
    with pytest.raises(UsageError, match="--goal code needs --simulator verilator"):
        open_goal(gauge, "code", IcarusSimulator())
    assert [simulator_of_goal(None, goal) for goal in ("functional", "code", "both")] == [
        "icarus", "verilator", "verilator",
    ]  # fmt: skip


def test_a_run_records_its_goal_and_everything_takes_it_up(tmp_path: Path, plan: Plan) -> None:
    words = ("run", "--design", GAUGE, "--goal", "both", "--agent", "random", "--seed", "3", "--max-cycles", "400")
    first, again = (json.loads(call(*words, "--json", cwd=tmp_path).stdout) for _ in range(2))
    assert first["run"]["goal"] == "both"
    assert first["run"]["bins"] == len(plan.bins)
    assert first["totals"] == again["totals"]
    assert {"code.line", "code.branch", "code.expression", "code.toggle"} <= first["totals"]["items"].keys()
    record = tmp_path / first["record"]
    rerun = call("rerun", str(record), "--test", "1", "--design", GAUGE, cwd=tmp_path)
    assert "\nas recorded" in rerun.stdout
    longer = call("run", "--resume", str(record), "--design", GAUGE, "--max-cycles", "600", "-q", cwd=tmp_path)
    assert longer.returncode in (0, 1), longer.stderr
    header = json.loads((record / "run.json").read_text())
    assert (header["goal"], header["spent"]["cycles"]) == ("both", 600)
    (record / "code.json").write_text(json.dumps({"points": []}))
    lost = call("run", "--resume", str(record), "--design", GAUGE, "--max-cycles", "700", "-q", cwd=tmp_path)
    assert (lost.returncode, "made with other points of code coverage" in lost.stderr) == (2, True)
