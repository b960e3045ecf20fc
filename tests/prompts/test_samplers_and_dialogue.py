"""LLM4DV's samplers, restarts and buffers against their written definition, restated here rule by rule."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_views import softmax_view

from dv_agent.coverage.plan import Plan
from dv_agent.errors import UnknownNameError
from dv_agent.prompts.dialogue import beginning, best_of, dialogue, has_converged, score
from dv_agent.prompts.hole_selection import ORDER, RANDOM, adaptive, at_random, by_type, sample, turn_of
from dv_agent.prompts.strategy import Strategy, find_recorded_strategy, find_strategy
from dv_agent.prompts.strategy_options import Converged, History, Holes, Restart
from dv_agent.prompts.view import Exchange

PLAN: Plan = softmax_view().plan
OPEN = st.integers(0, 400).map(lambda count: list(range(count)))
SEEDS = st.integers(0, 1 << 30)
GAINS = st.lists(st.integers(0, 6), max_size=60)


def talk(gains: list[int], start: int = 0) -> list[Exchange]:
    """Exchanges that gained so many bins each, of the first bins of the plan that were left."""
    found, hit = [], start
    for turn, gain in enumerate(gains):
        found.append(Exchange(turn, f"q{turn}", f"a{turn}", tuple(range(hit, hit + gain)), hit + gain))
        hit += gain
    return found


# Samplers ----------------------------------------------------------------------------------------------------


@given(OPEN, SEEDS)
def test_random_shows_seven_of_many_five_of_a_few_or_all(holes: list[int], seed: int) -> None:
    shown = at_random(holes, Holes(), random.Random(seed))
    assert len(shown) == (7 if len(holes) >= 40 else 5 if len(holes) >= 5 else len(holes))
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(holes)


@given(OPEN, st.booleans(), SEEDS)
def test_by_type_begins_with_the_first_two_and_mixes_easy_ones_in_early(
    holes: list[int], early: bool, seed: int
) -> None:
    shown = by_type(holes, early, Holes(), random.Random(seed))
    if len(holes) <= 7:
        assert shown == tuple(holes)
        return
    assert shown[:2] == tuple(holes[:2])
    assert len(set(shown)) == len(shown)
    if early and len(holes) >= 40:
        easy = [one for one in shown[2:] if one < 100]
        hard = [one for one in shown[2:] if one >= 100]
        assert (len(easy), len(hard)) == (3, min(2, max(len(holes) - 100, 0)))
    else:
        assert len(shown) == 7


@given(OPEN, st.floats(0, 1), GAINS, SEEDS)
def test_adaptive_is_the_sampler_whose_turn_it_is(
    holes: list[int], covered: float, gains: list[int], seed: int
) -> None:
    shown = adaptive(holes, covered, gains, Holes(), random.Random(seed))
    assert len(set(shown)) == len(shown)
    if len(holes) < 7:
        assert shown == tuple(holes)
    elif covered <= 0.2:
        assert shown[:2] == tuple(holes[:2])
        assert sum(one < 100 for one in shown) == min(5, len(holes))
    elif len(holes) < 40:
        assert len(shown) == 7
    elif turn_of(gains, Holes()) != RANDOM:
        assert shown[:2] == tuple(holes[:2])


def test_the_turn_changes_after_four_messages_with_fewer_than_three_bins() -> None:
    assert turn_of([0, 0, 0], Holes()) == 0
    assert turn_of([9, 0, 2, 0], Holes()) == ORDER  # between the first of the four and the last
    assert turn_of([0, 0, 3, 0], Holes()) == 0
    assert turn_of([0, 0, 0, 0, 0, 0, 0], Holes()) == ORDER
    assert turn_of([0] * 8, Holes()) == RANDOM
    assert turn_of([0] * 12, Holes()) == ORDER
    assert turn_of([0] * 16, Holes()) == RANDOM


@given(OPEN, SEEDS, st.sampled_from(["random", "by_type", "adaptive"]))
def test_the_same_seed_shows_the_same_holes(holes: list[int], seed: int, kind: str) -> None:
    options = Holes(show=(kind,))  # type: ignore[arg-type]
    first, second = (sample(holes, 0.1, [], options, random.Random(seed)) for _ in range(2))
    assert first == second


# Restarts ----------------------------------------------------------------------------------------------------


@given(GAINS, st.sampled_from([4, 7, 10]))
def test_a_dialogue_ends_at_the_first_stale_stretch_of_its_own(gains: list[int], patience: int) -> None:
    start = beginning(Restart(when="stale", messages=patience), talk(gains), len(PLAN.bins))
    own: list[int] = []
    begun = 0
    for index, gain in enumerate(gains):
        own.append(gain)
        if len(own) >= patience and sum(own[-patience + 1 :]) < 3:
            own, begun = [], index + 1
    assert start == begun
    assert beginning(Restart(), talk(gains), len(PLAN.bins)) == 0


def test_low_coverage_makes_a_restart_come_sooner() -> None:
    restart = Restart(when="stale", below=0.2)
    assert beginning(restart, talk([0] * 4), 401) == 4
    assert beginning(restart, talk([0] * 4, start=100), 401) == 0
    assert beginning(restart, talk([0] * 7, start=100), 401) == 7


# History and buffers ------------------------------------------------------------------------------------------


def strategy(keep: str, buffer: str = "clear", messages: int = 7) -> Strategy:
    return Strategy.model_validate(
        {
            "name": "test",
            "history": {"keep": keep},
            "restart": {"when": "stale", "buffer": buffer, "messages": messages},
        }
    )


@given(GAINS, SEEDS, st.sampled_from(["recent", "successful", "mixed", "successful_hard"]))
def test_three_earlier_exchanges_are_kept_besides_the_opening(gains: list[int], seed: int, keep: str) -> None:
    exchanges = talk([gain + 3 for gain in gains])  # never stale
    past = dialogue(strategy(keep), PLAN, exchanges, random.Random(seed))
    assert past == dialogue(strategy(keep), PLAN, exchanges, random.Random(seed))
    if not gains:
        assert (past.opening, past.kept) == (None, ())
        return
    assert past.opening == exchanges[0]
    assert len(past.kept) == min(3, len(exchanges) - 1)
    assert [one.turn for one in past.kept] == sorted(one.turn for one in past.kept)
    own = exchanges[1:]
    if len(own) <= 3:
        assert list(past.kept) == own
    elif keep == "recent":
        assert list(past.kept) == own[-3:]
    elif keep == "mixed":
        assert own[-1] in past.kept
    else:
        assert set(past.kept) <= set(best_of(strategy(keep).history, PLAN, own))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_the_best_nine_and_all_of_them_if_they_tie(gains: list[int]) -> None:
    best = best_of(History(keep="successful"), PLAN, talk(gains))
    scores = sorted(gains, reverse=True)
    tied = [gain for gain in gains if gain == scores[0]]
    expected = len(tied) if len(tied) >= min(9, len(gains)) else min(9, len(gains))
    assert len(best) == expected
    assert sorted((len(one.new_bins) for one in best), reverse=True) == scores[:expected]


def test_harder_bins_count_two_and_a_half_times() -> None:
    hard = next(index for index, one in enumerate(PLAN.bins) if one.tier == "hard")
    easy = next(index for index, one in enumerate(PLAN.bins) if one.tier == "easy")
    exchange = Exchange(0, "", "", (hard, easy), 2)
    assert score(History(keep="successful_hard"), PLAN, exchange) == 3.5
    assert score(History(keep="successful"), PLAN, exchange) == 2


def test_what_becomes_of_the_best_exchanges_on_a_restart() -> None:
    exchanges = [*talk([9, 8, 7]), *talk([3, 0, 0, 0])]
    exchanges = [replace(one, turn=turn) for turn, one in enumerate(exchanges)]
    source = random.Random(1)
    kinds = {kind: strategy("successful", kind, messages=4) for kind in ("clear", "keep", "stable")}
    just = {kind: dialogue(one, PLAN, exchanges, source) for kind, one in kinds.items()}
    assert all(past.opening is None for past in just.values())
    assert [len(just[kind].kept) for kind in ("clear", "keep", "stable")] == [0, 3, 0]
    more = [*exchanges, *(Exchange(turn, "", "", (200 + turn, 300 + turn), 30) for turn in (7, 8, 9))]
    soon = {kind: dialogue(one, PLAN, more, source) for kind, one in kinds.items()}
    assert all(past.opening == more[7] for past in soon.values())
    assert [one.turn for one in soon["stable"].kept] == [8, 9]  # not yet as long as one that is cut
    later = [*more, Exchange(10, "", "", (), 30)]
    pool = {one.turn for seed in range(40) for one in dialogue(kinds["stable"], PLAN, later, random.Random(seed)).kept}
    assert pool & {0, 1, 2}
    assert pool <= set(range(11)) - {7}
    own = {one.turn for seed in range(40) for one in dialogue(kinds["clear"], PLAN, later, random.Random(seed)).kept}
    assert own == {8, 9, 10}


@given(GAINS)
def test_giving_up(gains: list[int]) -> None:
    rule = Converged(unchanged=5, few=2, over=12)
    flat = len(gains) >= 5 and not any(gains[-4:])
    slow = len(gains) >= 12 and sum(gains[-11:]) <= 2
    assert has_converged(rule, gains) == (flat or slow)
    assert not has_converged(None, gains)


def test_the_shipped_configurations_are_those_of_the_paper() -> None:
    base, best = find_strategy("llm4dv-base"), find_strategy("llm4dv-best")
    assert (base.holes.sampler, base.history.keep, base.restart.messages, base.restart.buffer) == (
        "random", "recent", 7, "clear",
    )  # fmt: skip
    assert (best.holes.sampler, best.history.keep, best.restart.messages, best.restart.buffer) == (
        "by_type", "successful", 7, "stable",
    )  # fmt: skip
    assert best.converged == Converged(unchanged=25, few=2, over=40)
    for name, axes in {
        "llm4dv-sampling": {"holes"}, "llm4dv-adaptive": {"holes"}, "llm4dv-history": {"history"},
        "llm4dv-history-hard": {"history"}, "llm4dv-restart": {"restart"}, "llm4dv-buffer": {"restart"},
        "llm4dv-rtl": {"rtl"}, "llm4dv-few-shot": {"examples"},
    }.items():  # fmt: skip
        one = find_strategy(name)
        fields = set(Strategy.model_fields) - {"name", "description"}
        assert {field for field in fields if getattr(one, field) != getattr(base, field)} == axes, name


def test_every_configuration_of_the_paper_has_the_code_of_its_logs() -> None:
    for name, code in {
        "base": "1_I_a_i", "best": "2_II_a_iii", "sampling": "2_I_a_i", "adaptive": "3_I_a_i", "history": "1_II_a_i",
        "history-hard": "1_IV_a_i", "restart": "1_I_d_i", "buffer": "1_I_a_iii", "rtl": "1_I_a_i_with_code",
        "few-shot": "1_I_a_i_few_shot",
    }.items():  # fmt: skip
        named, coded = find_strategy(f"llm4dv-{name}"), find_strategy(f"llm4dv-{code}")
        assert coded.model_dump(exclude={"name", "description"}) == named.model_dump(exclude={"name", "description"})
        assert coded.name == f"llm4dv-{code}"
    whole = find_strategy("llm4dv-3_IV_b_ii_with_code_few_shot.numbers")
    assert (whole.values, whole.rtl.show, whole.examples.show) == ("numbers", "source", "fixed")
    assert (whole.restart.messages, whole.restart.buffer, whole.history.hard_crosses) == (4, "keep", True)
    assert find_recorded_strategy("llm4dv-2_II_a_iii.numbers").holes.sampler == "by_type"
    for wrong in ("llm4dv-4_I_a_i", "llm4dv-1_V_a_i", "llm4dv-1_I_e_i", "llm4dv-1_I_a_iv", "1_I_a_i", "llm4dv-1_I_a"):
        with pytest.raises(UnknownNameError):
            find_strategy(wrong)


def test_how_many_holes_are_easy_follows_from_the_size_of_the_plan() -> None:
    holes = find_strategy("llm4dv-best").holes
    assert [holes.of_plan(bins).easy_bins for bins in (2107, 1034, 324, 196, 195, 10)] == [200, 200, 100, 50, 50, 50]
    assert Holes().of_plan(5000).easy_bins == 100


def test_crosses_count_as_harder_where_the_strategy_says_so() -> None:
    cross = next(index for index, one in enumerate(PLAN.bins) if one.kind == "cross")
    value = next(index for index, one in enumerate(PLAN.bins) if one.kind == "value" and one.tier != "easy")
    exchange = Exchange(0, "", "", (cross, value), 2)
    assert score(History(keep="successful_hard", hard_crosses=True), PLAN, exchange) == 3.5


def test_of_equal_exchanges_the_later_ones_are_kept() -> None:
    best = best_of(History(keep="successful"), PLAN, talk([5, *[1] * 20]))
    assert [one.turn for one in best] == [0, *range(20, 12, -1)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"restart": {"when": "stale"}}, "only a dialogue can begin anew"),
        ({"holes": {"show": ["random", "by_type"]}}, "at most one of"),
        ({"examples": {"show": "fixed"}}, "belong together"),
        ({"templates": "../elsewhere"}, "beside the strategy's file"),
        ({"feedback": "all"}, "steps"),
        ({"histery": {}}, "histery"),
    ],
)
def test_a_strategy_that_makes_no_sense_is_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Strategy.model_validate({"name": "x", **data})
