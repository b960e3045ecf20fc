"""Drawing from a distribution, one value at a time and many."""

import random
from collections import Counter
from typing import Any

import pytest

from dv_agent.designs.language.distribution import DistributionError, parse_distribution


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


def test_a_range_in_a_set_weighs_as_much_as_its_values_listed_one_by_one() -> None:
    written = parse_distribution({"set": [0, [4, 7]]}, 0, 9)
    listed = parse_distribution({"set": [0, 4, 5, 6, 7]}, 0, 9)
    assert (written.low, written.high) == (listed.low, listed.high)
    assert written.cumulative == (1.0, 5.0)
    one, other = random.Random(3), random.Random(4)
    drawn = Counter(written.draw(one) for _ in range(5_000)), Counter(listed.draw(other) for _ in range(5_000))
    assert drawn[0].keys() == drawn[1].keys() == {0, 4, 5, 6, 7}
    assert all(850 < count < 1_150 for counts in drawn for count in counts.values())


@pytest.mark.parametrize("entry", [[7, 4], [1, 2, 3], [1], ["1", 2], {"set": [1]}, None, [[1, 2], 3], True, "x"])
def test_what_is_no_range_in_a_set_is_refused(entry: object) -> None:
    with pytest.raises(DistributionError, match=r"empty|neither an integer nor a range"):
        parse_distribution({"set": [0, entry]}, 0, 9)


def test_a_range_in_a_set_keeps_to_the_field() -> None:
    with pytest.raises(DistributionError, match=r"12 is outside 0\.\.9"):
        parse_distribution({"set": [0, [4, 12]]}, 0, 9)
