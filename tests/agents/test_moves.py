"""Moves of the search agent: whatever they make of a test expands, and they leave the original alone."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_design import small_design, small_schema

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.mutation import MOVES, CutSizes, chain, cross, head_cut, mutate, snippet, tail_cut
from dv_agent.agents.search.swarm import narrowed, shortened
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design

SOFTMAX = find_design("mxint_softmax")
GROUNDS = {"softmax": MoveSites(SOFTMAX.design, SOFTMAX.schema), "small": MoveSites(small_design(), small_schema())}
SEEDS = st.integers(0, 2**32)


def drawn(sites: MoveSites, source: random.Random) -> Test:
    return sites.literal(shortened(random_test(sites.design, sites.schema, source), 6, source))


def focus_of(test: Test, source: random.Random) -> dict[str, int]:
    return {name: source.randrange(len(steps)) for name, steps in test.tracks.items()}


def check(sites: MoveSites, test: Test) -> None:
    expand(sites.design, sites.schema, test)


@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize("move", MOVES)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_every_move_makes_a_test_that_expands(name: str, move: str, seed: int) -> None:
    sites, source = GROUNDS[name], random.Random(seed)
    test = drawn(sites, source)
    before = test.text()
    changed = mutate(sites, test, move, source, focus_of(test, source))
    assert test.text() == before
    if changed is not None:
        check(sites, changed)


@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize("move", MOVES)
@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_a_move_changes_one_place_although_a_step_stands_in_two(name: str, move: str, seed: int) -> None:
    sites, source = GROUNDS[name], random.Random(seed)
    test = drawn(sites, source)
    twice = Test(tracks={track: (*steps, *steps) for track, steps in test.tracks.items()}, memory=test.memory)
    focus = focus_of(twice, source)
    read = Test.model_validate_json(twice.model_dump_json())
    assert mutate(sites, twice, move, random.Random(seed), focus) == mutate(
        sites, read, move, random.Random(seed), focus
    )


@pytest.mark.parametrize("name", GROUNDS)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_moves_can_follow_each_other(name: str, seed: int) -> None:
    sites, source = GROUNDS[name], random.Random(seed)
    test = drawn(sites, source)
    focus = focus_of(test, source)
    for _ in range(6):
        test = mutate(sites, test, source.choice(list(MOVES)), source, focus) or test
    check(sites, test)


@pytest.mark.parametrize("name", GROUNDS)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_cuts_chains_crosses_and_swarms_expand(name: str, seed: int) -> None:
    sites, source = GROUNDS[name], random.Random(seed)
    one, other = drawn(sites, source), drawn(sites, source)
    focus = focus_of(one, source)
    item, place = snippet(sites, one, focus, source.randint(0, 3), bare=source.random() < 0.5)
    assert all(0 <= index < len(item.tracks[track]) for track, index in place.items())
    headless, _ = head_cut(sites, one, focus, source)
    for test in (item, headless, tail_cut(sites, one, focus), cross(sites, one, other, source)):
        check(sites, test)
    check(sites, narrowed(sites.design, sites.schema, random_test(sites.design, sites.schema, source), source))


def test_a_chain_says_where_its_parts_lie() -> None:
    sites, source = GROUNDS["softmax"], random.Random(1)
    items = [Test(tracks={"in": drawn(sites, source).tracks["in"][:count]}) for count in (1, 3, 2)]
    test, spans = chain(sites, items)
    assert [span["in"] for span in spans] == [(0, 1), (1, 4), (4, 6)]
    assert [test.tracks["in"][start:stop] for start, stop in (span["in"] for span in spans)] == [
        item.tracks["in"] for item in items
    ]


def test_a_tail_cut_drops_what_comes_behind_the_focus_and_waits_at_the_end() -> None:
    test = Test(
        tracks={"in": ({"row": [{"m": [1, 2], "e": 0}]},) * 3, "out": ({"stall": 3}, {"ready": 2}, {"stall": 1})}
    )
    cut = tail_cut(GROUNDS["softmax"], test, {"in": 1, "out": 1})
    assert len(cut.tracks["in"]) == 2
    assert cut.tracks["out"] == ({"stall": 3},)


def test_a_bare_snippet_has_no_gaps() -> None:
    sites = GROUNDS["softmax"]
    test = Test(tracks={"in": ({"row": [{"m": [1, 2], "e": 0, "gap": 9}]},)})
    assert snippet(sites, test, {"in": 0}, 0, bare=True)[0].tracks["in"][0]["row"][0].get("gap") is None
    assert test.tracks["in"][0]["row"][0]["gap"] == 9


@pytest.mark.parametrize("name", GROUNDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_size_of_a_cut_test_is_known_without_cutting_it(name: str, seed: int) -> None:
    sites, source = GROUNDS[name], random.Random(seed)
    test = drawn(sites, source)
    sizes = CutSizes(sites, test)
    for _ in range(5):
        focus = {track: step for track, step in focus_of(test, source).items() if source.random() < 0.8}
        assert sizes.of(focus) == sites.size(tail_cut(sites, test, focus))
    assert sizes.of({}) == 0 < sites.size(test)
