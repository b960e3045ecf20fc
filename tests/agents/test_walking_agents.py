"""`crv` and `search` walk through streams of numbers, and nowhere else."""

import random

import pytest

from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.baselines.walks import LENGTHS, TURNS
from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.number_streams.walk_choice import BITS, WalkChoice, WalkKind, has_streams
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import fastest_name, find_simulator


@pytest.mark.parametrize("name", design_names())
def test_crv_walks_exactly_where_a_design_has_a_stream_of_numbers(name: str) -> None:
    folder, source = find_design(name), random.Random(1)
    texts = [crv_test(folder.design, folder.schema, source).text() for _ in range(20)]
    assert any('"walk"' in text for text in texts) == has_streams(MoveSites(folder.design, folder.schema))


def test_the_walk_that_wins_is_chosen_most() -> None:
    choice, source = WalkChoice(), random.Random(5)
    best = WalkKind(3, 1, 4)
    for _ in range(200):
        kind = choice.choose(source)
        choice.learn(kind, 6 if kind.bits == best.bits else 0, 200)
    chosen = [choice.choose(source) for _ in range(300)]
    assert sum(kind.bits == best.bits for kind in chosen) > 200
    assert {kind.bits for kind in chosen} == set(range(len(BITS)))  # none is given up
    assert all(kind.turns < len(TURNS) and kind.length < len(LENGTHS) for kind in chosen)


def test_search_learns_the_strides_of_a_design_that_it_does_not_know() -> None:
    folder = find_design("stride_detector")
    plan, budget, agent = plan_of(folder), Budget(cycles=12_000), SearchAgent(0)
    state = RunState(empty_coverage(plan))
    with find_simulator(fastest_name("icarus", folder.design)).open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        while not budget.exceeded(state.spent):
            state, _ = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
    assert state.coverage.covered.sum() > 60  # uniform draws reach 10 in sixteen times as many
