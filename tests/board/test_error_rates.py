"""How often the statistics are wrong, counted: where nothing differs, where something does, and of intervals."""

from itertools import combinations

import numpy as np
import pytest

from dv_agent.eval.stats.bootstrap import bootstrap
from dv_agent.eval.stats.separation import LEVEL, adjusted

REPEATS = 1_000
DESIGNS, SEEDS = 8, 3
NAMES = [f"design{number}" for number in range(DESIGNS)]


def repeats_that_declare(effects: list[float], skewed: bool, designs: int = DESIGNS) -> tuple[int, int]:
    """Of `REPEATS` boards, how many separate any two rows of equal effect, and how many the first row from the last.

    A row's score on a trial is its effect, what its design adds for it, and noise.
    """
    source = np.random.default_rng(designs)
    wrong = right = 0
    pairs = list(combinations(range(len(effects)), 2))
    for _ in range(REPEATS):
        shape = (len(effects), designs, SEEDS)
        noise = source.exponential(4.0, shape) if skewed else source.normal(0.0, 4.0, shape)
        own = source.normal(0.0, 3.0, (len(effects), designs, 1))
        means = (np.array(effects)[:, None, None] + own + noise).mean(axis=2)
        differences = {
            (str(i), str(j)): {NAMES[at]: [float(means[i, at] - means[j, at])] for at in range(designs)}
            for i, j in pairs
        }
        found = adjusted(differences)
        wrong += any(found[str(i), str(j)] <= LEVEL for i, j in pairs if effects[i] == effects[j])
        right += found["0", str(len(effects) - 1)] <= LEVEL
    return wrong, right


def most_expected(level: float) -> float:
    """So many of `REPEATS` are exceeded once in a thousand times at this level."""
    return REPEATS * level + 3.1 * (REPEATS * level * (1 - level)) ** 0.5


@pytest.mark.parametrize("skewed", [False, True])
def test_rows_that_do_not_differ_are_seldom_separated(skewed: bool) -> None:
    wrong, _ = repeats_that_declare([50.0] * 4, skewed)
    assert wrong <= most_expected(LEVEL)
    assert wrong > 0  # the test can be wrong, so it is no empty promise


def test_equal_rows_stay_equal_beside_one_that_is_far_better() -> None:
    wrong, right = repeats_that_declare([80.0, 50.0, 50.0], skewed=True)
    assert wrong <= most_expected(LEVEL)
    assert right == REPEATS


def test_a_planted_difference_is_found_and_with_five_designs_none_can_be() -> None:
    _, right = repeats_that_declare([60.0, 50.0], skewed=False)
    assert right >= 0.95 * REPEATS
    _, right = repeats_that_declare([90.0, 10.0], skewed=False, designs=5)
    assert right == 0


@pytest.mark.parametrize("noisy", [0, 2, 5])
def test_a_small_constant_lead_is_found_whatever_noisy_rows_stand_beside_it(noisy: int) -> None:
    """`benchmarks/separation_study.py` at length. By mean differences in points two noisy rows would hide it always."""
    source, found, wrong, boards = np.random.default_rng(noisy), 0, 0, 200
    spread = np.array([0.5, 0.5, *[10.0] * noisy])[:, None]
    for _ in range(boards):
        scores = source.normal(50.0, 15.0, DESIGNS) + spread * source.normal(0.0, 1.0, (len(spread), DESIGNS))
        scores[0] += 2.0
        pairs = {
            (str(i), str(j)): {NAMES[at]: [float(scores[i, at] - scores[j, at])] for at in range(DESIGNS)}
            for i, j in combinations(range(len(spread)), 2)
        }
        p = adjusted(pairs)
        found += p["0", "1"] <= LEVEL
        wrong += any(p[pair] <= LEVEL for pair in pairs if "0" not in pair)
    assert found >= 0.95 * boards
    assert wrong <= boards * LEVEL + 3.1 * (boards * LEVEL * (1 - LEVEL)) ** 0.5


def test_a_constant_lead_is_found_in_any_number_of_rows_and_no_scale_of_another_pair_matters() -> None:
    """The least p does not grow with the number of pairs: 435 here, where Holm's correction asks for 1 / 8,700."""
    source = np.random.default_rng(3)
    scores = source.normal(50.0, 15.0, DESIGNS) + 6.0 * source.normal(0.0, 1.0, (30, DESIGNS))
    scores[1] = scores[0] - 0.1
    for scale in (1.0, 1e6):
        pairs = {
            (str(i), str(j)): {
                NAMES[at]: [float(scores[i, at] - scores[j, at]) * (1.0 if i < 2 and j < 2 else scale)]
                for at in range(DESIGNS)
            }
            for i, j in combinations(range(30), 2)
        }
        assert adjusted(pairs)["0", "1"] == 2 / 2**DESIGNS


@pytest.mark.parametrize(("designs", "least"), [(3, 0.70), (5, 0.90), (8, 0.93)])
def test_intervals_hold_the_truth_about_as_often_as_so_few_designs_can(designs: int, least: float) -> None:
    """No interval inside the data of n designs holds the median of all designs more often than 1 - 2 / 2^n."""
    source, held, repeats = np.random.default_rng(0), 0, 400
    for _ in range(repeats):
        own = source.normal(70.0, 10.0, designs)
        values = own[:, None] + source.normal(0.0, 2.0, (designs, SEEDS))
        found = bootstrap({NAMES[at]: values[at].tolist() for at in range(designs)}, repeats=1_000)
        assert found is not None
        held += found.low <= 70.0 <= found.high
    assert least <= held / repeats <= 1 - 2 / 2**designs + 0.03
