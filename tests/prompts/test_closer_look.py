"""Near misses say how many cycles apart two events came, and which item of a loop was under way."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from dv_agent.agents.budget import Budget
from dv_agent.agents.nearest_samples import NearestSamples
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Simulated, Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.coverage.structure import Coverpoint
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expression import parse
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.errors import SimulationError, SimulatorCrash, SimulatorLost
from dv_agent.prompts.feedback.named_codes import are_codes
from dv_agent.prompts.feedback.targets import targets
from dv_agent.prompts.view import Attempt, Near, View
from dv_agent.runners.registry import find_simulator

PLAN = """
    schema_version: 1
    covergroups:
      - name: g
        on: cycle
        when: in_reset == 0
        coverpoints:
          - {name: comes, of: in_transfer, hidden: true, bins: {x: 1}}
          - {name: goes, of: out_transfer, hidden: true, bins: {y: 1}}
        crosses: [{name: both, of: [comes, goes]}]
      - name: first
        on: transfer_in
        coverpoints:
          - {name: meets, of: out_transfer, description: "a beat comes in the cycle of a result", bins: {w: 1}}
      - name: rare
        on: cycle
        when: in_transfer == 1 and out_transfer == 1
        coverpoints: [{name: level, of: dbg_state, bins: {z: [0, 100]}}]
"""
ROW = {"row": [{"m": 1, "e": "i"}]}
TEST = Test(name="two rows", tracks={"in": ({"for": {"i": [3, 4]}, "steps": [ROW, {"idle": 70}]},)})


def turns(bench: Testbench) -> list[View]:
    """The views after a turn with the test, and after a second turn without one, which looks at an earlier test."""
    state, views = RunState(empty_coverage(bench.plan)), []
    for proposal in (Proposal(tests=(TEST,)), Proposal(tests=(), look=("g.both.x+y",))):
        state, _ = advance(state, proposal, bench, Budget())
        views.append(make_view(bench, state, Budget()))
    return views


def test_a_near_miss_says_how_many_cycles_apart_and_in_which_item_of_a_loop() -> None:
    folder = find_design("mxint_softmax")
    plan = parse_plan(Document(Path("plan.yaml"), dedent(PLAN)))
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        first, second = turns(bench)
        trace = bench.run(TEST).trace
        told = {one.bin: one for one in targets(first, 9)}
        again = {one.bin: one for one in targets(second, 9)}
        new = replace(second, look=Testbench(folder, plan, session).nearest)  # it has to simulate again
        fresh = {one.bin: one for one in targets(new, 9)}
    comes, goes = (trace.accepted[port].cycle for port in ("in", "out"))
    gap, one, two = min((int(abs(one - two)), int(one), int(two)) for one in comes for two in goes)
    both, rare = told["g.both.x+y"], told["rare.level.z"]
    assert both.apart == f"comes met {gap} cycles before the rest at best, in cycle {one}"
    assert one + gap == two
    assert told["first.meets.w"].apart == f"cycles to transfers: in 0, out +{gap}"
    assert rare.distance is None
    assert "of test 0 of the last turn" in rare.apart
    assert both.attempt is not None
    assert [one.item for one in both.attempt.steps] == ["#0, i = 3"]
    assert again["g.both.x+y"].apart == both.apart == fresh["g.both.x+y"].apart
    (window,) = second.windows
    assert window.lines[0].split()[-2:] == ["comes", "goes"]
    assert {line.split()[-2] for line in window.lines[1:]} <= {"0", "1", "."}


@pytest.mark.parametrize(("error", "ends"), [(SimulatorLost("killed"), True), (SimulatorCrash("died"), False)])
def test_a_look_is_left_out_if_the_simulator_fails_and_ends_the_run_if_it_was_killed(
    error: SimulationError, ends: bool
) -> None:
    def failing(test: Test, most: int | None) -> Simulated:
        raise error

    folder, plan = find_design("mxint_softmax"), parse_plan(Document(Path("plan.yaml"), dedent(PLAN)))
    look = NearestSamples(folder.design, folder.schema, plan, failing)
    near = {0: Attempt(TEST, Near(0, 1.0, {}), 0, 100)}
    with pytest.raises(SimulatorLost) if ends else nullcontext():
        assert look.closer(near) == {}


def test_names_in_a_row_and_packed_columns_are_codes_and_amounts_are_not() -> None:
    points: dict[str, Coverpoint] = {
        f"{name}.{group.name}.{point.name}": point
        for name in ("mxint_softmax", "hgsa_loop", "kv_pack")
        for group in plan_of(find_design(name)).covergroups
        for point in group.coverpoints
        if point.kind == "value" and not point.hidden
    }
    codes = {name for name, point in points.items() if are_codes(point)}
    assert {
        "mxint_softmax.reset.phase",
        "hgsa_loop.branch.path",
        "hgsa_loop.branch.corner",
        "kv_pack.element.four_bit",
    } <= codes
    assert not {"hgsa_loop.branch.edge", "hgsa_loop.invocation.n", "mxint_softmax.row.length"} & codes
    for text, packed in (("a + 8 * b", True), ("(a << 2) + b", True), ("a + b", False), ("4 * a + 2", False)):
        point = Coverpoint(
            "p", "value", parse(text), None, 1, False, "", points["mxint_softmax.row.length"].bins[:2], (), ()
        )
        assert are_codes(point) is packed
