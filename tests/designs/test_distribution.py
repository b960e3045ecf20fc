"""Drawing from a distribution, one value at a time and many."""

import random
from typing import Any

import pytest

from dv_agent.designs.language.distribution import parse_distribution


@pytest.mark.parametrize(
    "data",
    [
        5,
        [-3, 9],
        {"set": [1, 3, 9]},
        {"set": [4]},
        {"set": [1, [5, 9]]},
        {"range": [0, 60], "step": 4},
        {"weights": [[0, 60], [[1, 3], 40]]},
    ],
)
def test_many_draws_are_those_of_one_at_a_time(data: Any) -> None:
    found = parse_distribution(data, -100, 100)
    one, other = random.Random(3), random.Random(3)
    draw = found.drawer(other)
    values = [draw() for _ in range(200)]
    assert values == [found.draw(one) for _ in range(200)]
    assert one.random() == other.random()
    assert len(set(values)) == 1 if found.low == found.high else len(set(values)) > 1
