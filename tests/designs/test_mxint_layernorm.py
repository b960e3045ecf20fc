"""The reference model of mxint_layernorm against a second, naive reading of spec.md and against real normalisation."""

from __future__ import annotations

import math
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design

INPUT = {"m": 4, "e": 1, "last": 1}
CONFIG = {"sel": 1, "addr": 1, "data": 1}
MANTISSA = st.one_of(st.integers(-128, 127), st.sampled_from([-128, 127, 0, 1]))
ROW = st.lists(
    st.tuples(
        st.one_of(st.lists(MANTISSA, min_size=4, max_size=4), MANTISSA.map(lambda m: [m] * 4)), st.integers(-8, 7)
    ),
    min_size=1, max_size=4,
)  # fmt: skip
ROWS = st.lists(st.tuples(st.integers(0, 4), ROW), min_size=1, max_size=4)
WRITES = st.dictionaries(
    st.integers(0, 25), st.tuples(st.integers(0, 1), st.integers(0, 15), st.integers(-128, 127)), max_size=12
)
COMMITS = st.sets(st.integers(0, 25), max_size=5)
Row = list[tuple[list[int], int]]
Beat = tuple[list[int], int, int]


def observed(rows: list[tuple[int, Row]], writes: dict[int, tuple[int, int, int]], commits: set[int]) -> list[Beat]:
    events, cycle = list[Event](), 0
    for gap, row in rows:
        cycle += gap
        for place, (m, e) in enumerate(row):
            cycle += 1
            events.append((cycle, 0, {"m": m, "e": e, "last": int(place == len(row) - 1)}))
    written = [(at, 0, dict(zip(CONFIG, write, strict=True))) for at, write in sorted(writes.items())]
    length = max([cycle, *writes, *commits]) + 1
    ports = {
        "in": transfers(events, INPUT), "cfg": transfers(written, CONFIG),
        "commit": transfers([(at, 0, {}) for at in sorted(commits)], {}),
    }  # fmt: skip
    found = find_design("mxint_layernorm").model.observe(trace(length, [0] * length, **ports)).expected["out"].columns
    return list(zip(found["m"].tolist(), found["e"].tolist(), found["last"].tolist(), strict=True))


def naive_rows(rows: list[tuple[int, Row]], writes: dict[int, tuple[int, int, int]], commits: set[int]) -> list[Beat]:
    """spec.md section 5: a row takes the set of the last commit before its first beat."""
    result, cycle = list[Beat](), 0
    for gap, row in rows:
        first = cycle + gap + 1
        coefficients = {(sel, place): 64 if sel == 0 else 0 for sel in (0, 1) for place in range(16)}
        before = [at for at in commits if at < first]
        if before:
            for at in sorted(writes):
                if at < max(before):
                    sel, place, data = writes[at]
                    coefficients[sel, place] = data
        result += naive(row, coefficients)
        cycle += gap + len(row)
    return result


def naive(row: Row, coefficients: dict[tuple[int, int], int]) -> list[Beat]:
    """spec.md section 3 with exact fractions."""
    top, n = max(e for _, e in row), 4 * len(row)
    a = [floor(Fraction(m, 2 ** (top - e))) for ms, e in row for m in ms]
    reciprocal = 4096 // n
    mean = floor(Fraction(sum(a) * reciprocal, 4096))
    d = [value - mean for value in a]
    variance = sum(value * value for value in d) * reciprocal // 4096
    t = [0] * n
    if variance:
        p = len(f"{variance:b}") - 1
        f = floor(Fraction(variance * 16, 2**p)) - 16
        factor = round(128 / math.sqrt((1 + f / 16) * 2 ** (p % 2)))
        t = [min(max(floor(Fraction(value * factor, 2 ** (p // 2 + 2))), -128), 127) for value in d]
    z = [t[i] * coefficients[0, i] + 64 * coefficients[1, i] for i in range(n)]
    return [cast(z[4 * i : 4 * i + 4], int(i == len(row) - 1)) for i in range(len(row))]


def cast(z: list[int], last: int) -> Beat:
    largest = max(map(abs, z))
    x = max((len(f"{largest:b}") if largest else 0) - 11, -8)
    sixteenths = [floor(Fraction(value) * Fraction(2) ** -x) for value in z]
    return [min(round(Fraction(g, 16)), 127) for g in sixteenths], x, last


@settings(max_examples=300)
@given(ROWS, WRITES, COMMITS)
def test_the_model_reads_the_specification_as_we_do(
    rows: list[tuple[int, Row]], writes: dict[int, tuple[int, int, int]], commits: set[int]
) -> None:
    assert observed(rows, writes, commits) == naive_rows(rows, writes, commits)


@settings(max_examples=100)
@given(st.lists(st.lists(st.integers(-128, 127), min_size=4, max_size=4), min_size=1, max_size=4), st.integers(-8, 7))
def test_the_output_is_near_to_layer_normalisation(mantissas: list[list[int]], e: int) -> None:
    """Rows with a standard deviation of 8 and more: within 0.2 and a tenth."""
    values = [m for ms in mantissas for m in ms]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    if deviation < 8:
        return
    beats = observed([(0, [(ms, e) for ms in mantissas])], {}, set())
    outputs = [m * 2.0 ** (x - 7) for ms, x, _ in beats for m in ms]
    for value, seen in zip(values, outputs, strict=True):
        true = (value - mean) / deviation
        assert abs(seen - true) <= 0.2 + 0.1 * abs(true)


@pytest.mark.parametrize(
    ("row", "first"),
    [
        ([([5, 5, 5, 5], 0)], ([0, 0, 0, 0], -8, 1)),  # flat
        ([([5, 5, 5, 5], 0)] * 3, ([0, 0, 0, 0], -8, 0)),  # mean 4, so every d is 1, and the variance 0
        ([([64, 64, -64, -64], 3)], ([64, 64, -64, -64], 1, 1)),  # one deviation from the mean: 64 * 2^(1-7) = 1
    ],
)
def test_rows_whose_result_is_plain(row: Row, first: Beat) -> None:
    assert observed([(0, row)], {}, set())[0] == first


def test_a_reset_drops_coefficients_and_partial_rows() -> None:
    beat: dict[str, Any] = {"m": [1, 2, 3, 4], "e": 0}
    events = [(5, 0, {**beat, "last": 1}), (6, 0, {**beat, "last": 0}), (12, 1, {**beat, "last": 1})]
    writes: list[Event] = [(1, 0, {"sel": 0, "addr": place, "data": 0}) for place in range(4)]
    writes = [(at, 0, fields) for at, (_, _, fields) in enumerate(writes)]
    ports = {"in": transfers(events, INPUT), "cfg": transfers(writes, CONFIG), "commit": transfers([(4, 0, {})], {})}
    found = find_design("mxint_layernorm").model.observe(trace(14, [0] * 8 + [1] * 6, **ports))
    assert found.expected["out"].epoch.tolist() == [0, 1]
    zero, normal = found.expected["out"].columns["m"].tolist()
    assert zero == [0, 0, 0, 0]
    assert normal == observed([(0, [([1, 2, 3, 4], 0)])], {}, set())[0][0]
