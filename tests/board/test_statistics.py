"""The statistics of boards against naive definitions of the same."""

import math
import random
from itertools import combinations, product
from statistics import mean, median
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.eval.board.pictures.cost_chart import pareto
from dv_agent.eval.stats.bootstrap import bootstrap, tail
from dv_agent.eval.stats.clusters import cluster_mean, pooled_median
from dv_agent.eval.stats.pass_at_k import pass_at_k
from dv_agent.eval.stats.quantiles import t_quantile
from dv_agent.eval.stats.separation import adjusted, ranks
from dv_agent.eval.stats.sign_flip import compare, flips, smallest_p
from dv_agent.eval.stats.spearman import average_ranks, spearman, within

VALUES = st.integers(-100, 100).map(float)
CLUSTERS = st.dictionaries(st.sampled_from("abcdef"), st.lists(VALUES, min_size=1, max_size=4), min_size=1)
Differences = dict[tuple[str, str], dict[str, float]]
ORDER = ("one", "two", "three")


@given(CLUSTERS)
def test_the_mean_weighs_designs_alike_and_the_median_is_over_all_trials(clusters: dict[str, list[float]]) -> None:
    assert cluster_mean(clusters) == pytest.approx(mean(mean(values) for values in clusters.values()))
    assert pooled_median(clusters) == median(value for values in clusters.values() for value in values)


def test_without_values_there_is_no_figure() -> None:
    assert cluster_mean({}) is pooled_median({"a": []}) is bootstrap({}) is compare({"a": []}) is None
    assert bootstrap({"a": [5.0]}) is None


@given(CLUSTERS, VALUES)
def test_an_interval_is_seeded_stays_inside_the_data_and_moves_with_it(
    clusters: dict[str, list[float]], step: float
) -> None:
    found = bootstrap(clusters, seed=3)
    if found is None:
        assert sum(map(len, clusters.values())) == 1
        return
    assert bootstrap(clusters, seed=3) == found
    things = [mean(values) for values in clusters.values()] if len(clusters) > 1 else next(iter(clusters.values()))
    assert min(things) - 1e-9 <= found.low <= found.high <= max(things) + 1e-9
    moved = bootstrap({name: [value + step for value in values] for name, values in clusters.items()}, seed=3)
    assert moved is not None
    assert (moved.low, moved.high) == pytest.approx((found.low + step, found.high + step))


@given(CLUSTERS)
def test_an_interval_of_the_median_lies_inside_the_data(clusters: dict[str, list[float]]) -> None:
    found = bootstrap(clusters, "median", seed=1)
    every = [value for values in clusters.values() for value in values]
    assert found is None or min(every) <= found.low <= found.high <= max(every)


def test_a_bootstrap_interval_is_what_drawing_designs_one_by_one_gives() -> None:
    clusters = {name: [float(ord(name) % 7 + place) for place in range(3)] for name in "abcdefgh"}
    source, names, drawn = random.Random(0), list(clusters), []
    for _ in range(20_000):
        chosen = source.choices(names, k=len(names))
        drawn.append(mean(mean(clusters[name]) for name in chosen))
    drawn.sort()
    share = tail(len(names))
    found = bootstrap(clusters)
    assert found is not None
    assert found.low == pytest.approx(drawn[int(share * len(drawn))], abs=0.15)
    assert found.high == pytest.approx(drawn[int((1 - share) * len(drawn))], abs=0.15)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=2, max_size=4), st.sampled_from(["mean", "median"]))
def test_for_few_designs_every_draw_is_counted(rows: list[list[float]], kind: Literal["mean", "median"]) -> None:
    clusters = {str(place): values for place, values in enumerate(rows)}
    draws = sorted(
        mean(map(mean, chosen)) if kind == "mean" else median(value for some in chosen for value in some)
        for chosen in product(rows, repeat=len(rows))
    )
    left = tail(len(rows)) * len(draws)
    found = bootstrap(clusters, kind, seed=5, repeats=1)  # nothing is drawn
    assert found is not None
    assert found.low == pytest.approx(draws[max(math.ceil(left - 1e-9), 1) - 1])
    assert found.high == pytest.approx(draws[max(math.ceil(len(draws) - left - 1e-9), 1) - 1])


@pytest.mark.parametrize(
    ("probability", "freedom", "value"),  # of any printed table
    [(0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 7, 2.365), (0.95, 4, 2.132), (0.975, 120, 1.980), (0.5, 3, 0.0)],
)
def test_quantiles_are_those_of_printed_tables(probability: float, freedom: int, value: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(value, abs=2e-3)
    assert t_quantile(1 - probability, freedom) == pytest.approx(-value, abs=2e-3)


def test_few_designs_leave_less_outside_than_many() -> None:
    shares = [tail(count) for count in (2, 3, 5, 8, 20, 200)]
    assert shares == sorted(shares)
    assert shares[0] < 1e-9
    assert shares[-1] == pytest.approx(0.025, abs=0.002)


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(VALUES, min_size=1, max_size=3), min_size=1))
def test_a_sign_flip_test_counts_all_ways_to_flip_designs(differences: dict[str, list[float]]) -> None:
    means = [mean(values) for values in differences.values()]
    signs = product((1, -1), repeat=len(means))
    ways = [abs(sum(sign * one for sign, one in zip(way, means, strict=True))) for way in signs]
    found = compare(differences)
    assert found is not None
    assert found.p == pytest.approx(sum(way >= ways[0] - 1e-9 * (1 + ways[0]) for way in ways) / len(ways))
    assert found.p >= found.smallest_p == min(1.0, 2 / 2 ** len(means))
    assert (found.n, found.designs) == (sum(map(len, differences.values())), len(differences))


def test_of_many_designs_ways_are_drawn_with_a_seed() -> None:
    clear = {f"d{number}": [1.0 + number] for number in range(20)}
    found = compare(clear)
    assert found is not None
    assert found.p == smallest_p(20) == 1 / 4096
    assert (flips(20, seed=1) == flips(20, seed=1)).all()
    assert (flips(20, seed=1) != flips(20, seed=2)).any()


def naive_adjusted(
    differences: dict[tuple[str, str], dict[str, float]], designs: list[str]
) -> dict[tuple[str, str], float]:
    """Step by step, as Westfall and Young wrote it down."""

    def size(pair: tuple[str, str], signs: dict[str, int]) -> float:
        values = differences[pair].values()
        spread = math.sqrt(mean(value**2 for value in values))
        return abs(mean(signs[name] * value for name, value in differences[pair].items())) / spread if spread else 0.0

    none = dict.fromkeys(designs, 1)
    order = sorted(differences, key=lambda pair: -size(pair, none))
    ways = [dict(zip(designs, signs, strict=True)) for signs in product((1, -1), repeat=len(designs))]
    found, so_far = {}, 0.0
    for place, pair in enumerate(order):
        seen = size(pair, none)
        count = sum(max(size(other, way) for other in order[place:]) >= seen - 1e-9 * (1 + seen) for way in ways)
        found[pair] = so_far = max(so_far, count / len(ways))
    return found


@given(st.lists(st.lists(VALUES, min_size=6, max_size=6), min_size=3, max_size=3))
def test_adjusted_p_values_are_those_of_the_step_down_procedure(rows: list[list[float]]) -> None:
    designs = list("uvwxyz")
    pairs = {
        (ORDER[i], ORDER[j]): {name: rows[i][at] - rows[j][at] for at, name in enumerate(designs)}
        for i, j in combinations(range(3), 2)
    }
    found = adjusted({pair: {name: [value] for name, value in some.items()} for pair, some in pairs.items()})
    assert found == pytest.approx(naive_adjusted(pairs, designs))
    for pair, p in found.items():
        alone = compare({name: [value] for name, value in pairs[pair].items()})
        assert alone is not None
        assert p >= alone.p - 1e-12


def test_a_pair_on_too_few_designs_is_no_burden_to_the_others() -> None:
    clear = {name: [5.0] for name in "uvwxyz"}
    alone = adjusted({("one", "two"): clear})
    beside = adjusted({("one", "two"): clear, ("one", "three"): {"u": [90.0, 90.0]}, ("two", "three"): {}})
    assert alone == {("one", "two"): 2 / 64}
    assert beside == {("one", "two"): 2 / 64, ("one", "three"): 1.0}


def test_rows_that_are_not_separated_share_a_rank() -> None:
    better = {("one", "two"): 1.0, ("one", "three"): 9.0, ("two", "three"): 8.0}
    assert ranks(ORDER, better, {("one", "three"): 0.01, ("two", "three"): 0.03, ("one", "two"): 0.4}) == {
        "one": 1, "two": 1, "three": 3,
    }  # fmt: skip
    assert ranks(ORDER, better, {}) == dict.fromkeys(ORDER, 1)
    assert ranks(ORDER, {("one", "two"): -4.0}, {("one", "two"): 0.05})["one"] == 2


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_choices_that_hold_a_success(case: tuple[int, int, int]) -> None:
    trials, successes, k = case
    choices = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at_k(trials, successes, k) == pytest.approx(sum(map(any, choices)) / len(choices))


def test_pass_at_more_than_there_are_trials_is_undefined() -> None:
    assert pass_at_k(3, 3, 4) is None
    assert pass_at_k(0, 0, 1) is None
    assert pass_at_k(3, 1, 0) is None
    with pytest.raises(ValueError, match="4 successes of 3 trials"):
        pass_at_k(3, 4, 1)


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.integers(0, 5).map(float)), min_size=3, max_size=12))
def test_spearman_is_the_correlation_of_mean_ranks(points: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]

    def rank(values: list[float]) -> list[float]:
        places = sorted(values)
        return [mean(place + 1 for place, other in enumerate(places) if other == value) for value in values]

    assert average_ranks(xs).tolist() == pytest.approx(rank(xs))
    a, b = rank(xs), rank(ys)
    spread = math.sqrt(sum((x - mean(a)) ** 2 for x in a) * sum((y - mean(b)) ** 2 for y in b))
    found = spearman(xs, ys)
    if spread == 0:
        assert found is None
    else:
        assert found == pytest.approx(sum((x - mean(a)) * (y - mean(b)) for x, y in zip(a, b, strict=True)) / spread)


def test_a_correlation_that_is_only_between_designs_is_not_one_within() -> None:
    groups = {"low": ([1.0, 2.0, 3.0], [3.0, 1.0, 2.0]), "high": ([11.0, 12.0, 13.0], [12.0, 13.0, 11.0])}
    every = spearman([*groups["low"][0], *groups["high"][0]], [*groups["low"][1], *groups["high"][1]])
    assert every is not None
    assert every > 0.6
    assert all(value < 0 for value in within(groups).values())
    assert spearman([1.0, 2.0], [1.0, 2.0]) is None
    with pytest.raises(ValueError, match="2 values against 1"):
        spearman([1.0, 2.0], [1.0])


@given(st.lists(st.tuples(st.integers(1, 6).map(float), st.integers(1, 6).map(float)), min_size=1, max_size=7))
def test_the_pareto_front_holds_what_nobody_beats(points: list[tuple[float, float]]) -> None:
    named = [(cost, gain, str(place)) for place, (cost, gain) in enumerate(points)]
    front = pareto(named)
    values = {name: (cost, gain) for cost, gain, name in named}
    beaten = {
        name for cost, gain, name in named
        if any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g, _ in named)
    }  # fmt: skip
    assert {values[name] for name in front} == {values[name] for name in values if name not in beaten}
    assert [values[name] for name in front] == sorted(values[name] for name in front)
