"""The reference model of mxint_softmax against a second, naive reading of spec.md and against real softmax."""

import math
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.designs.loader import find_design
from dv_agent.designs.trace import End, Trace, Transfers

Beat = tuple[int, int, int]
LUT = (64, 70, 76, 83, 91, 99, 108, 117)
BEATS = st.tuples(st.integers(-128, 127), st.integers(-128, 127), st.integers(-8, 7))
ROWS = st.lists(st.lists(BEATS, min_size=1, max_size=8), min_size=1, max_size=4)


def trace_of(rows: list[list[Beat]], epochs: list[int] | None = None) -> Trace:
    """A trace whose input accepted these rows, a beat a cycle, each row in the reset epoch given."""
    beats = [(*beat, int(i == len(row) - 1), epoch) for row, epoch in zip(rows, epochs or [0] * len(rows), strict=True)
             for i, beat in enumerate(row)]  # fmt: skip
    table = np.array(beats, dtype=np.int64).reshape(-1, 5)
    columns = {"m": table[:, :2], "e": table[:, 2], "last": table[:, 3]}
    n = len(beats)
    accepted = Transfers(np.arange(n, dtype=np.int64), table[:, 4], columns, np.zeros(n, dtype=bool))
    return Trace(n, End.DRAINED, {}, {}, np.zeros(n, dtype=bool), table[:, 4], {"in": accepted})


def observed(rows: list[list[Beat]]) -> list[tuple[int, int, int, int]]:
    expected = find_design("mxint_softmax").model.observe(trace_of(rows)).expected["out"]
    columns = expected.columns
    return [(int(m[0]), int(m[1]), int(e), int(last)) for m, e, last in
            zip(columns["m"], columns["e"], columns["last"], strict=True)]  # fmt: skip


def naive(row: list[Beat]) -> list[tuple[int, int, int, int]]:
    """spec.md section 3 with exact fractions, one element after the other."""
    powers = []
    for m0, m1, e in row:
        for m in (m0, m1):
            y = min(max(floor(Fraction(92 * m) / Fraction(2) ** (10 - e)), -64), 63)
            powers.append((floor(Fraction(y, 8)), y % 8))
    total, top = 0, None
    for pair in zip(powers[::2], powers[1::2], strict=True):
        new = max(n for n, _ in pair) if top is None else max(top, *(n for n, _ in pair))
        total = 0 if top is None else floor(Fraction(total, 2 ** (new - top)))
        total += sum(floor(Fraction(16 * LUT[r], 2 ** (new - n))) for n, r in pair)
        top = new
    assert top is not None
    quotients = [(floor(Fraction(1024 * LUT[r], total)), n - top) for n, r in powers]
    result = []
    for i, pair in enumerate(zip(quotients[::2], quotients[1::2], strict=True)):
        x = max(max(len(f"{q:b}") + d for q, d in pair) - 6, -8)
        mantissas = []
        for q, d in pair:
            sixteenths = floor(Fraction(q) * Fraction(2) ** (d + 1 - x) * 16)
            mantissas.append(round(Fraction(sixteenths, 16)))  # Python rounds halves to even
        result.append((mantissas[0], mantissas[1], x, int(i == len(row) - 1)))
    return result


@settings(max_examples=300)
@given(ROWS)
def test_the_model_reads_the_specification_as_we_do(rows: list[list[Beat]]) -> None:
    assert observed(rows) == [beat for row in rows for beat in naive(row)]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-60, 60), st.integers(-60, 60), st.integers(-3, 2)), min_size=1, max_size=8))
def test_the_output_is_near_to_softmax(row: list[Beat]) -> None:
    """Within a quarter and 2^-8: 1.4375 for log2(e), eight table entries, floors and eight-bit mantissas."""
    inputs = [m * 2.0 ** (e - 7) for m0, m1, e in row for m in (m0, m1)]
    total = sum(math.exp(x) for x in inputs)
    outputs = [m * 2.0 ** (x - 7) for m0, m1, x, _ in observed([row]) for m in (m0, m1)]
    for x, seen in zip(inputs, outputs, strict=True):
        true = math.exp(x) / total
        assert abs(seen - true) <= 0.25 * true + 2**-8


@pytest.mark.parametrize(
    ("row", "first"),
    [
        ([(0, 0, 0)], (64, 64, 0, 1)),
        ([(78, -79, 3)], (64, 0, 1, 1)),
        ([(127, 127, 7)] * 8, (64, 64, -3, 0)),
        ([(-128, -128, 7)] * 8, (64, 64, -3, 0)),
    ],
)
def test_rows_whose_result_is_plain(row: list[Beat], first: tuple[int, int, int, int]) -> None:
    assert observed([row])[0] == first


def test_a_row_that_a_reset_cut_owes_nothing() -> None:
    trace = trace_of([[(1, 2, 0)], [(3, 4, 0), (5, 6, 0)], [(7, 8, 0)]], epochs=[0, 0, 1])
    trace.accepted["in"].columns["last"][2] = 0
    found = find_design("mxint_softmax").model.observe(trace)
    assert found.expected["out"].epoch.tolist() == [0, 1]
    assert found.tables["partial"].columns["beats"].tolist() == [2]
