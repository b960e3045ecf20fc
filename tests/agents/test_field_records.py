"""What `search` learns about items of several fields: which fields decide, and items put together of them."""

import random
from pathlib import Path
from textwrap import dedent

import pytest

from dv_agent.agents.budget import Budget
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.search.field_records.deciding_fields import DecidingFields, Site
from dv_agent.agents.search.field_records.guessed_values import guessed
from dv_agent.agents.search.field_records.item_windows import ItemWindows, record_track
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.number_streams.step_cycles import StepCycles
from dv_agent.agents.search.number_streams.walk_choice import WalkChoice
from dv_agent.agents.search.plan_relations import Relations
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.files.documents import Document
from dv_agent.designs.files.places import design_names
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.view import Outcome
from dv_agent.runners.registry import find_simulator

PLAN = """
    schema_version: 1
    covergroups:
      - name: sent
        on: request
        coverpoints:
          - {name: rows, of: rows, auto: {range: [1, 9]}}
          - {name: wide, of: (rows == 5) * beats, auto: {range: [1, 4]}}
          - {name: both, of: rows * beats, auto: {range: [1, 4]}}
"""


def relations() -> Relations:
    return Relations(parse_plan(Document(Path("plan.yaml"), dedent(PLAN))))


def request(rows: int, words: int, opcode: int = 0) -> Step:
    fields = {"in_features": words, "out_features": rows, "opcode": opcode, "start": 7 * words, "nodeslot": words % 5}
    return {"load": [fields]}


def learnt(source: random.Random) -> tuple[ItemWindows, MoveSites]:
    """Windows of bins of `rows`, of which each window is the request that hit the bin behind two others."""
    folder = find_design("weight_bank")
    sites, windows = MoveSites(folder.design, folder.schema), ItemWindows(relations())
    for rows in (1, 2, 3, 5, 8) * 3:
        steps = [request(source.randint(1, 9), source.randint(1, 64)) for _ in range(2)]
        test = Test(tracks={"request": (*steps, request(rows, source.randint(1, 64)))})
        windows.learn(Outcome(test, 9, "drained", (), (), by_step=(("request", 2, (rows - 1,)),)), "request", sites)
    return windows, sites


def test_a_product_that_must_not_be_0_is_split_into_its_factors() -> None:
    plan = parse_plan(Document(Path("plan.yaml"), dedent(PLAN)))
    index = {one.id: place for place, one in enumerate(plan.bins)}
    assert relations().factors(index["sent.wide.3"]) == [
        ("request", "rows", ValueSet(((5, 5),))),
        ("request", "beats", ValueSet(((3, 3),))),
    ]
    assert len(relations().factors(index["sent.both.3"])) == 1  # no factor of it is a truth


def test_the_field_that_decides_a_value_is_found() -> None:
    windows, _ = learnt(random.Random(1))
    assert DecidingFields(windows).of(("request", "rows")) == (Site(0, "out_features"),)


def test_a_value_that_no_item_reached_is_guessed_on_the_line_of_those_that_did() -> None:
    windows, sites = learnt(random.Random(2))
    known, fields = windows.of(("request", "rows")), sites.payload["request"]
    for target in (4, 6, 7, 9):
        fact = ("request", "rows", ValueSet(((target, target),)))
        guess = guessed(fact, known, (), fields, random.Random(3))
        assert guess is not None
        assert guess[1] == {Site(0, "out_features"): target}


@pytest.mark.parametrize("name", design_names())
def test_records_are_items_of_one_beat_and_several_fields_of_a_design_without_longer_packets(name: str) -> None:
    folder = find_design(name)
    track = record_track(MoveSites(folder.design, folder.schema))
    long = any(one.beats.max > 1 for one in folder.schema.tracks.values())
    fields = max((len(one.fields) for one in folder.design.grammars.values() if one.item), default=0)
    assert track is None if long or fields < 3 else track in folder.design.tracks


def test_search_all_but_closes_a_plan_about_instructions_that_it_puts_together() -> None:
    folder = find_design("mips_core")
    plan, budget, agent = plan_of(folder), Budget(cycles=30_000), SearchAgent(3)
    state = RunState(empty_coverage(plan))
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        while not budget.exceeded(state.spent):
            state, _ = advance(state, agent.propose(make_view(bench, state, budget)), bench, budget)
    assert state.coverage.covered.sum() > 180  # of 195; without it 76


def test_all_combinations_of_steps_come_once_and_those_that_won_nothing_come_again() -> None:
    cycles, source = StepCycles(), random.Random(4)
    first = [one for _ in range(4) for one in cycles.drawn(3, 2, 16, 256, source).steps]
    assert sorted(first) == [(one, two) for one in range(-4, 4) for two in range(-4, 4)]
    for steps in first[:60]:
        cycles.won(steps)
    again = [cycles.drawn(3, 2, 16, 16, source).steps[0] for _ in range(4)]
    assert sorted(again) == sorted(first[60:])


def test_only_the_items_of_a_stream_of_numbers_tell_which_of_its_steps_won() -> None:
    folder = find_design("stride_detector")
    sites, walks, source = MoveSites(folder.design, folder.schema), WalkChoice(), random.Random(4)
    first = walks.cycles.drawn(2, 1, 4, 16, source)  # each of the four steps
    test = Test(tracks={"in": ({"word": [{"value": 0}]},) * 16})
    told = Outcome(test, 9, "drained", (), (), by_step=(("in", 5, (1,)), ("other", 0, (2,))))
    walks.learn_steps(first, told, sites)
    assert {*first.steps} - {*walks.cycles.drawn(2, 1, 4, 12, source).steps} == {first.at(5)}
