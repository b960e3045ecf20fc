"""The reference model of lqer_dot against a second, naive reading of spec.md and against the plain product."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design

INPUT = {"x": 8, "w": 8, "a0": 8, "a1": 8, "ex": 1, "ew": 1, "ea": 1, "last": 1}
CONFIG = {"b0": 1, "b1": 1, "eb": 1, "lr_en": 1}
BYTE = st.one_of(st.integers(-128, 127), st.sampled_from([0, 0, 1, -1, -128, 127]))
EXPONENT = st.integers(-8, 7)


def lanes(values: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
    return st.one_of(st.lists(values, min_size=8, max_size=8), values.map(lambda value: [value] * 8))


BEAT = st.fixed_dictionaries(
    {"x": lanes(BYTE), "w": lanes(st.integers(-8, 7)), "a0": lanes(BYTE), "a1": lanes(BYTE), "ex": EXPONENT,
     "ew": EXPONENT, "ea": EXPONENT, "gap": st.integers(0, 3)}
)  # fmt: skip
NOTHING = {"x": [0] * 8, "w": [0] * 8, "a0": [0] * 8, "a1": [0] * 8, "ex": 0, "ew": 0, "ea": 0, "gap": 0}
WITH_ZERO = {"b0": 0, "b1": 0, "eb": 0, "lr_en": 1}
WRITE = st.fixed_dictionaries({"b0": BYTE, "b1": BYTE, "eb": EXPONENT, "lr_en": st.integers(0, 1)})
VECTORS = st.lists(st.lists(BEAT, min_size=1, max_size=8), min_size=1, max_size=4)
WRITES = st.dictionaries(st.integers(0, 40), WRITE, max_size=8)


def observed(vectors: list[list[dict[str, Any]]], writes: dict[int, dict[str, int]]) -> list[tuple[int, int, int]]:
    """What the model expects; every beat is accepted `gap` cycles behind the one before."""
    events, cycle = list[Event](), 0
    for vector in vectors:
        for place, beat in enumerate(vector):
            cycle += 1 + beat.get("gap", 0)
            events.append((cycle, 0, {**beat, "last": int(place == len(vector) - 1)}))
    ports = {
        "in": transfers(events, INPUT),
        "cfg": transfers([(at, 0, write) for at, write in sorted(writes.items())], CONFIG),
    }
    length = max(cycle, *writes, 0) + 1 if writes else cycle + 1
    found = find_design("lqer_dot").model.observe(trace(length, [0] * length, **ports)).expected["y"].columns
    return list(zip(found["m"].tolist(), found["e"].tolist(), found["zero"].tolist(), strict=True))


def rhe(value: Fraction) -> int:
    """Round half to even, clamped to 127."""
    return max(-127, min(127, round(value)))


def dot(xs: list[int], ys: list[int]) -> int:
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def shifted(value: int, places: int) -> int:
    return floor(Fraction(value, 2**places))


def naive(vector: list[dict[str, Any]], config: dict[str, int]) -> tuple[int, int, int]:
    """spec.md section 3, step by step."""
    main = ranks = None
    for beat in vector:
        product, e = 16 * dot(beat["x"], beat["w"]), beat["ex"] + beat["ew"]
        rank, f = [16 * dot(beat["x"], beat[name]) for name in ("a0", "a1")], beat["ex"] + beat["ea"]
        if main is None or ranks is None:
            main, ranks = (product, e), (rank, f)
            continue
        top = max(main[1], e)
        main = (shifted(main[0], top - main[1]) + shifted(product, top - e), top)
        top = max(ranks[1], f)
        ranks = ([shifted(q, top - ranks[1]) + shifted(r, top - f) for q, r in zip(ranks[0], rank, strict=True)], top)
    assert main is not None
    assert ranks is not None
    (total, exponent), (sums, rank_exponent) = main, ranks
    if config["lr_en"] and any(sums):
        bits = len(f"{max(map(abs, sums)):b}")
        t = [rhe(Fraction(q) / Fraction(2) ** (bits - 7)) for q in sums]
        correction, at = t[0] * config["b0"] + t[1] * config["b1"], rank_exponent + bits + config["eb"] - 22
        top = max(exponent, at)
        total, exponent = shifted(total, top - exponent) + shifted(16 * correction, top - at), top
    if total == 0:
        return 0, -32, 1
    bits = len(f"{abs(total):b}")
    return rhe(Fraction(total) / Fraction(2) ** (bits - 7)), bits + exponent - 14, 0


@settings(max_examples=200)
@given(VECTORS, WRITES)
def test_the_model_reads_the_specification_as_we_do(
    vectors: list[list[dict[str, Any]]], writes: dict[int, dict[str, int]]
) -> None:
    expected, cycle = [], 0
    for vector in vectors:
        first = cycle + 1 + vector[0]["gap"]
        before = [write for at, write in sorted(writes.items()) if at < first]
        expected.append(naive(vector, before[-1] if before else dict.fromkeys(CONFIG, 0)))
        cycle += sum(1 + beat["gap"] for beat in vector)
    assert observed(vectors, writes) == expected


@settings(max_examples=100)
@given(st.lists(BEAT, min_size=1, max_size=1), WRITE)
@example([{**NOTHING, "x": [1] * 8, "a1": [0] * 7 + [1]}], {"b0": 0, "b1": 1, "eb": 0, "lr_en": 1})  # lost below S = 0
@example([{**NOTHING, "x": [5] * 8, "w": [1] + [0] * 7, "a0": [52] * 8, "ew": -7, "ea": 7}], WITH_ZERO)  # S loses bits
def test_one_beat_is_near_to_the_exact_product(vector: list[dict[str, Any]], write: dict[str, int]) -> None:
    """A beat alone meets no alignment of sums: what is left are three roundings and the floor of one addition."""
    (beat,) = vector
    main = Fraction(dot(beat["x"], beat["w"])) * Fraction(2) ** (beat["ex"] + beat["ew"] - 10)
    ranks = [dot(beat["x"], beat[f"a{r}"]) for r in (0, 1)]
    biggest, weights = max(map(abs, ranks)), [write["b0"], write["b1"]]
    exact, error = main, Fraction(0)
    if write["lr_en"] and biggest:
        scale = Fraction(2) ** (beat["ex"] + beat["ea"] + write["eb"] - 21)
        exact += sum(rank * weight for rank, weight in zip(ranks, weights, strict=True)) * scale
        # Each rank is rounded to a unit of which the greater one has 64 or more; its clamp at 127 takes one unit.
        error += Fraction(1, 64) * biggest * sum(map(abs, weights)) * scale
        # One of the terms is floored to the last place of the other, a term of zero included (section 3.4).
        correction = beat["ex"] + beat["ea"] + (16 * biggest).bit_length() + write["eb"] - 22
        error += Fraction(2) ** (max(beat["ex"] + beat["ew"], correction) - 14)
    error += Fraction(1, 64) * (abs(exact) + error)  # the result is rounded likewise
    m, e, _ = observed([vector], {0: write})[0]
    assert abs(Fraction(m) * Fraction(2) ** (e - 7) - exact) <= error


FULL = {"x": [-128] * 8, "w": [-8] * 8, "a0": [-128] * 8, "a1": [-128] * 8, "ex": 0, "ew": 0, "ea": 0}
ZERO = {name: [0] * 8 for name in ("x", "w", "a0", "a1")} | {"ex": 0, "ew": 0, "ea": 0}
ONE = {**ZERO, "x": [1] + [0] * 7, "w": [1] + [0] * 7}


@pytest.mark.parametrize(
    ("vector", "write", "expected"),
    [
        ([FULL] * 8, {}, (64, 7, 0)),  # 2^20 * 2^-14 = 2^6
        ([ZERO], {}, (0, -32, 1)),
        ([ONE], {}, (64, -9, 0)),  # 1 * 2^(0-7) * 2^(0-3) = 2^-10 = 64 * 2^(-9-7)
        ([{**ONE, "w": [-1] + [0] * 7}, {**ZERO, "ex": 7, "ew": 7}], {}, (-64, 1, 0)),  # shifted to -1: -2^(14-14)
    ],
)
def test_results_that_a_person_can_work_out(
    vector: list[dict[str, Any]], write: dict[str, int], expected: tuple[int, int, int]
) -> None:
    assert observed([vector], {0: write} if write else {}) == [expected]


def test_a_reset_forgets_the_configuration_and_a_partial_vector() -> None:
    on = {"b0": 127, "b1": 0, "eb": 0, "lr_en": 1}
    beat = {**ONE, "a0": [64] + [0] * 7, "last": 1}
    events = [(2, 0, beat), (3, 0, {**beat, "last": 0}), (6, 1, beat)]
    ports = {"in": transfers(events, INPUT), "cfg": transfers([(1, 0, on)], CONFIG)}
    found = find_design("lqer_dot").model.observe(trace(8, [0] * 4 + [1] * 4, **ports)).expected["y"]
    assert found.epoch.tolist() == [0, 1]
    first, second = zip(found.columns["m"].tolist(), found.columns["e"].tolist(), strict=True)
    assert second == naive([beat], dict.fromkeys(CONFIG, 0))[:2]
    assert first == naive([beat], on)[:2] != second
