"""Walks: sequences in which each value is the one before plus a step."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_design import small_design, small_schema

from dv_agent.designs.language.distribution import DistributionError, Walk, parse_distribution, parse_drawn
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError, Test

BAD: list[tuple[Any, str]] = [
    ({"walk": [0, 200]}, r"walk: 200 is outside -15..15"),
    ({"walk": 1, "turns": 0}, r"turns: 0 is outside 1..16"),
    ({"walk": 1, "turns": 17}, r"turns: 17 is outside 1..16"),
    ({"walk": 1, "for": 0}, r"for: 0 is outside 1..1000000"),
    ({"walk": 1, "from": 9}, r"from: 9 is outside -8..7"),
    ({"walk": 1, "step": 2}, r"a walk has walk, turns, for, from; found 'step'"),
    ({"walk": {"walk": 1}}, r"walk: a walk is a sequence, and cannot stand here"),
    ({"walk": None}, r"walk: 'None' is not a distribution"),
    ({"walk": [3, 1]}, r"walk: range \[3, 1\] is empty"),
    ({"walk": True}, r"walk: 'True' is not a distribution"),
    ({"walk": 1 << 70}, r"walk: .* is not a distribution"),
    ({"weights": [[{"walk": 1}, 1]]}, r"a walk is a sequence, and cannot stand here"),
]


def numbers(test: dict[str, Any], track: str = "in") -> list[int]:
    """The packed payloads of one track."""
    return [op.value for op in expand(small_design(), small_schema(), Test(**test)).tracks[track]]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_what_is_no_walk_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DistributionError, match=message):
        parse_drawn(data, -8, 7)


def test_a_walk_is_no_distribution() -> None:
    with pytest.raises(DistributionError, match="sequence"):
        parse_distribution({"walk": 1}, 0, 7)


@settings(max_examples=60, deadline=None)
@given(
    low=st.integers(-50, 50), span=st.integers(0, 60), step=st.integers(-60, 60), turns=st.integers(1, 4),
    lasts=st.integers(1, 9), seed=st.integers(0, 99),
)  # fmt: skip
def test_steps_take_turns_for_as_long_as_they_last_and_wrap(
    low: int, span: int, step: int, turns: int, lasts: int, seed: int
) -> None:
    most = min(abs(step), span)
    data = {"walk": [-most, most], "turns": turns, "for": lasts, "from": [low, low + span]}
    drawn = parse_drawn(data, low, low + span)
    assert isinstance(drawn, Walk)
    draw = drawn.drawer(random.Random(seed))
    values = [draw() for _ in range(3 * lasts + 1)]
    assert all(low <= value <= low + span for value in values)
    modulo = span + 1
    steps = [(after - before) % modulo for before, after in itertools.pairwise(values)]
    assert all(one <= most or one >= modulo - most for one in steps)
    for start in range(0, len(steps), lasts):
        of_one_draw = steps[start : start + lasts]
        assert of_one_draw == [of_one_draw[place % turns] for place in range(len(of_one_draw))]


def test_each_lane_and_each_block_walks_by_itself_and_the_same_seed_makes_the_same() -> None:
    block = {"random": {"count": 40, "beats": 1, "gap": 0, "e": 0, "m": {"walk": [-9, 9], "from": [-128, 127]}}}
    test = {"seed": 3, "tracks": {"in": [block, block]}}
    found = numbers(test)
    lanes = [(value & 0xFF, value >> 8 & 0xFF) for value in found]
    assert lanes[:40] != lanes[40:]
    assert any(one != other for one, other in lanes)
    for lane in range(2):
        steps = [(after[lane] - before[lane]) % 256 for before, after in itertools.pairwise(lanes[:40])]
        assert all(step <= 9 or step >= 247 for step in steps)
    assert found == numbers(test)


def test_timing_memory_and_loops_walk_too() -> None:
    block = {"random": {"count": 5, "beats": 1, "m": 0, "e": 0, "gap": {"walk": 2, "from": 1}}}
    program = expand(
        small_design(), small_schema(), Test(tracks={"in": (block,)}, memory={"ld": {"walk": 1, "from": 0}})
    )
    assert [op.gap for op in program.tracks["in"]] == [1, 3, 5, 7, 9]
    assert program.memories["ld"] == tuple(range(16))
    swept = {"for": {"i": [1, 2]}, "steps": [{"random": {"count": 3, "a": {"walk": "i", "from": 0}}}]}
    assert numbers({"tracks": {"cfg": [swept]}}, "cfg") == [0, 1, 2, 0, 2, 4]


def test_a_count_cannot_walk_and_the_place_is_told() -> None:
    with pytest.raises(StimulusError, match=r"tracks.in\[0\].random.count: a walk is a sequence, but a count is one"):
        numbers({"tracks": {"in": [{"random": {"count": {"walk": 1}}}]}})
    with pytest.raises(StimulusError, match=r"tracks.in\[0\].random.e: walk: 99 is outside -15..15"):
        numbers({"tracks": {"in": [{"random": {"count": 2, "e": {"walk": 99}}}]}})
