"""The search agent: reproducible, guided by distance, at home on any design."""

import random
from pathlib import Path
from textwrap import dedent

import pytest
from small_design import small_design, small_schema

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import RandomAgent, random_test
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.search.hole_targets import TAILS, Climb, NearestTest, Tails
from dv_agent.agents.search.memory import MoveGain
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.mutation import tail_cut
from dv_agent.agents.search.plan_relations import Relations
from dv_agent.agents.search.swarm import with_resets
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.view import Near, Outcome, View
from dv_agent.runners.reference.session import ReferenceSimulator

TOY = """
    schema_version: 1
    covergroups:
      - name: row
        on: row
        coverpoints:
          - name: length
            of: length
            auto: {range: [1, 8]}
          - name: lengths
            of: length
            transitions:
              falling: [[8], [7], [6], [5], [4], [3], [2], [1]]
"""
BUDGET = Budget(cycles=None)


def toy_plan(text: str) -> Plan:
    return parse_plan(Document(Path("plan.yaml"), dedent(text)))


def drive(agent: Agent, plan: Plan, turns: int) -> tuple[RunState, list[str]]:
    """Play `agent` on the reference model of mxint_softmax; returns the end and all tests."""
    folder = find_design("mxint_softmax")
    tests: list[str] = []
    with ReferenceSimulator(folder.model).open(folder.design) as session:
        bench, state = Testbench(folder, plan, session), RunState(empty_coverage(plan))
        while state.turn < turns and not state.done and len(state.coverage.open_bins):
            proposal = agent.propose(make_view(bench, state, BUDGET))
            tests += [test.text() for test in proposal.tests]
            state, _ = advance(state, proposal, bench, BUDGET)
    return state, tests


def real_run(bench: Testbench, agent: Agent, turns: int) -> list[str]:
    state, tests = RunState(empty_coverage(bench.plan)), list[str]()
    for _ in range(turns):
        proposal = agent.propose(make_view(bench, state, BUDGET))
        tests += [test.text() for test in proposal.tests]
        state, _ = advance(state, proposal, bench, BUDGET)
    return tests


def test_the_same_seed_proposes_the_same_tests(bench: Testbench) -> None:
    one, again, other = (real_run(bench, SearchAgent(seed), 8) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_tests_that_are_read_back_from_a_record_lead_to_the_same_proposals() -> None:
    folder = find_design("kv_pack")
    plan = plan_of(folder)
    live, read = SearchAgent(1), SearchAgent(1)
    with ReferenceSimulator(folder.model).open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        state = again = RunState(empty_coverage(plan))
        for _ in range(24):
            proposal = live.propose(make_view(bench, state, BUDGET))
            assert read.propose(make_view(bench, again, BUDGET)).tests == proposal.tests
            state, _ = advance(state, proposal, bench, BUDGET)
            recorded = tuple(Test.model_validate_json(test.model_dump_json()) for test in proposal.tests)
            again, _ = advance(again, proposal.model_copy(update={"tests": recorded}), bench, BUDGET)


def test_without_guidance_it_proposes_other_tests(bench: Testbench) -> None:
    guided, unguided = (real_run(bench, SearchAgent(3, guided=flag), 8) for flag in (True, False))
    assert guided[:12] == unguided[:12]
    assert guided != unguided


@pytest.mark.parametrize("seed", range(3))
def test_a_hunt_closes_what_random_tests_miss(seed: int) -> None:
    plan = toy_plan(TOY)
    hunted, tests = drive(SearchAgent(seed), plan, 60)
    drawn, _ = drive(RandomAgent(seed, batch=4), plan, 60)
    assert [plan.bins[index].id for index in hunted.coverage.open_bins] == []
    assert [plan.bins[index].id for index in drawn.coverage.open_bins] == ["row.lengths.falling"]
    assert len(tests) < 240


def test_a_bin_that_asks_for_more_hits_is_hunted_on() -> None:
    plan = toy_plan(TOY.replace("auto: {range: [1, 8]}", "bins: {eight: {values: [8], at_least: 3000}}"))
    state, _ = drive(SearchAgent(0), plan, 25)
    assert state.tests == 100


def fake_view(plan: Plan, last: tuple[Outcome, ...], turn: int) -> View:
    coverage = empty_coverage(plan)
    return View(
        design=small_design(), schema=small_schema(), specification="", plan=plan, coverage=coverage, holes=(),
        turn=turn, last=last,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_proposal_expands_on_a_design_with_every_kind_of_port(seed: int) -> None:
    plan, agent, sites = toy_plan(TOY), SearchAgent(seed), MoveSites(small_design(), small_schema())
    last: tuple[Outcome, ...] = ()
    driven = set[str]()
    for turn in range(25):
        tests = agent.propose(fake_view(plan, last, turn)).tests
        assert tests
        for test in tests:
            driven |= {name for name, ops in expand(sites.design, sites.schema, test).tracks.items() if ops}
        last = tuple(made_up(test, turn + place) for place, test in enumerate(tests))
    assert driven == set(sites.schema.tracks)


def made_up(test: Test, number: int) -> Outcome:
    """An outcome that now and then is nearer, at the last step of each track."""
    steps = {name: len(steps) - 1 for name, steps in test.tracks.items()}
    near = tuple(Near(index, float(9 - (number * 7 + index) % 9), steps) for index in range(9))
    return Outcome(test=test, cycles=100, end="done", new_bins=(number % 9,), hits=(), near=near)


RESETS = """
    schema_version: 1
    covergroups:
      - name: reset
        on: reset
        when: out_after >= 16
        coverpoints:
          - name: width
            of: width
            bins: {hundred: 100}
"""


def test_a_sample_that_asks_for_what_follows_is_hunted_with_tests_that_go_on() -> None:
    folder, plan, agent = find_design("mxint_softmax"), toy_plan(RESETS), SearchAgent(0)
    state, as_near = RunState(empty_coverage(plan)), list[int]()
    with ReferenceSimulator(folder.model).open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        while state.turn < 50:
            state, _ = advance(state, agent.propose(make_view(bench, state, BUDGET)), bench, BUDGET)
            as_near.append(sum(bool(outcome.near) for outcome in state.last))
    # Of 120 tests. If every test is cut at the reset that it hunts, only some of the drawn ones reach the sample: 5.
    assert sum(as_near[20:]) > 30


def test_a_tail_is_chosen_by_how_often_it_kept_the_distance() -> None:
    cut_is_enough, what_follows_counts, source = Tails(), Tails(), random.Random(0)
    for _ in range(30):
        for place, kept in enumerate(TAILS):
            cut_is_enough.add(place, True)
            what_follows_counts.add(place, kept >= 6)
    drawn = [[tails.choose(source) for _ in range(400)] for tails in (cut_is_enough, what_follows_counts)]
    assert max(TAILS, key=lambda kept: drawn[0].count(TAILS.index(kept))) == 0
    assert max(TAILS, key=lambda kept: drawn[1].count(TAILS.index(kept))) == 6


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_tail_keeps_later_items_and_no_later_reset(more: int) -> None:
    sites = MoveSites(small_design(), small_schema())
    resets = ({"idle": 5}, {"pulse": 1}, {"idle": 4}, {"pulse": 1})
    items = sites.drawn(next(iter(sites.payload)), 6, random.Random(0))
    name = next(iter(sites.payload))
    test = Test(tracks={name: tuple(items), "reset": resets})
    kept = tail_cut(sites, test, {name: 2, "reset": 1}, more)
    assert kept.tracks["reset"] == resets[:2]
    assert kept.tracks[name][: 3 + more] == test.tracks[name][: 3 + more]
    assert len(kept.tracks[name]) <= 3 + more


def test_drawn_resets_come_in_mid_test() -> None:
    design, schema, source = small_design(), small_schema(), random.Random(0)
    for _ in range(20):
        test = with_resets(random_test(design, schema, source), source)
        assert any("pulse" in step for step in MoveSites(design, schema).literal(test).tracks["reset"])


def test_the_pool_holds_equals_and_forgives_on_progress() -> None:
    source, climb = random.Random(0), Climb()
    for size in range(10, 30):
        climb.add(NearestTest(Test(), 2.0, size, {}), source)
    climb.spent = 800.0
    climb.add(NearestTest(Test(), 3.0, 1, {}), source)
    assert climb.distance == 2.0
    assert 1 < len(climb.pool) <= 4
    climb.add(NearestTest(Test(), 1.0, 9, {}), source)
    assert (climb.distance, climb.spent, len(climb.pool)) == (1.0, 400.0, 1)


def test_the_plan_tells_which_bins_show_a_member() -> None:
    plan = toy_plan(TOY)
    relations, falling = Relations(plan), plan.index("row.lengths.falling")
    facts = relations.members(falling)
    assert len(facts) == 8
    assert [plan.bins[index].id for index in relations.meeting(facts[2])] == ["row.length.6"]
    assert {plan.bins[index].id for index in relations.meeting(facts[7])} == {"row.length.1", "row.lengths.falling"}


def test_a_source_that_never_gains_keeps_a_share() -> None:
    gain = MoveGain()
    for _ in range(30_000):  # a run of twenty million cycles has more tests than that
        gain.add(0.0, 300)
    assert gain.rate > 0
