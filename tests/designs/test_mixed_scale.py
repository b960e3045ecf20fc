"""The reference model of mixed_scale against a second, naive reading of spec.md, with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation

Block = tuple[list[int], list[int], int, int]
"""(x, w: four signed bytes each, precision, scale)"""
Result = tuple[int, int, int, int]
"""(sum, exponent, switches, growths)"""

BYTES = st.one_of(st.integers(-128, 127), st.sampled_from([-128, 0, 0, 127]))
LANES = st.lists(BYTES, min_size=4, max_size=4)
BLOCKS = st.tuples(LANES, LANES, st.integers(0, 3), st.integers(-8, 7))
VECTORS = st.lists(st.lists(BLOCKS, min_size=1, max_size=16), max_size=4)
GREATEST = [-128] * 4


def observe(epochs: list[list[list[Block]]]) -> Observation:
    """Accept the vectors of each reset epoch, a block every third cycle; a reset takes one cycle."""
    events: list[Event] = []
    of_cycle: list[int] = []
    for epoch, vectors in enumerate(epochs):
        of_cycle.append(epoch)
        for vector in vectors:
            for place, (x, w, prec, e) in enumerate(vector):
                fields = {"x": x, "w": w, "prec": prec, "e": e, "last": int(place == len(vector) - 1)}
                events.append((len(of_cycle), epoch, fields))
                of_cycle += [epoch] * 3
    port = transfers(events, {"x": 4, "w": 4, "prec": 1, "e": 1, "last": 1})
    return find_design("mixed_scale").model.observe(trace(len(of_cycle), of_cycle, **{"in": port}))


def seen(epochs: list[list[list[Block]]]) -> list[Result]:
    columns = observe(epochs).expected["out"].columns
    return list(zip(*(columns[name].tolist() for name in ("sum", "exp", "switches", "growths")), strict=True))


def numbers(lane: int, bits: int) -> list[int]:
    """The signed numbers of a lane, read as a text of bits, lowest first."""
    text = format(lane & 255, "08b")
    parts = [text[8 - bits - at : 8 - at] for at in range(0, 8, bits)]
    return [int(part[1:], 2) - int(part[0]) * 2 ** (bits - 1) for part in parts]


def product(x: list[int], w: list[int], prec: int) -> int:
    """Steps 1 and 2."""
    x_bits, w_bits = {0: (8, 8), 1: (4, 4), 2: (2, 2), 3: (8, 4)}[prec]
    return sum(
        a * b for i in range(4) for a, b in zip(numbers(x[i], x_bits), numbers(w[i], w_bits), strict=False)
    )  # at precision 3 the second weight of a lane meets no activation


def naive(vector: list[Block]) -> Result:
    """Section 3 for one vector; the sum is kept as a fraction that its exponent divides."""
    total, exponent, before, switches, growths = Fraction(0), 0, None, 0, 0
    for x, w, prec, e in vector:
        if before not in (None, prec):
            switches += 1
            cut = max(0, abs(int(total / Fraction(2) ** exponent)).bit_length() - 10)
            exponent += cut
            total = round(total / Fraction(2) ** exponent) * Fraction(2) ** exponent  # halves to even
        before = prec
        value = product(x, w, prec) * Fraction(2) ** e
        if total == 0 or value == 0:
            exponent = e if total == 0 else exponent
            total += value
            continue
        exponent = max(exponent, e)
        unit = Fraction(2) ** exponent
        total = floor(total / unit) * unit + floor(value / unit) * unit
        if not -131072 * unit <= total <= 131071 * unit:
            exponent, growths = exponent + 1, growths + 1
            total = floor(total / (2 * unit)) * 2 * unit
    return int(total / Fraction(2) ** exponent), exponent, switches, growths


@settings(max_examples=60)
@given(st.lists(VECTORS, min_size=1, max_size=2))
def test_the_model_reads_the_specification_as_we_do(epochs: list[list[list[Block]]]) -> None:
    assert seen(epochs) == [naive(vector) for vectors in epochs for vector in vectors]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-8, 7), st.sampled_from([0, 0, 0, 3])), min_size=16, max_size=16))
def test_the_bounds_of_section_3_hold_for_the_greatest_blocks(scales: list[tuple[int, int]]) -> None:
    vector = [(GREATEST, GREATEST if prec == 0 else [8] * 4, prec, e) for e, prec in scales]
    found = naive(vector)
    assert seen([[vector]]) == [found]
    assert -8 <= found[1] <= 17
    assert max(found[2:]) <= 15


@pytest.mark.parametrize("prec", range(4))
def test_every_pair_of_bytes_in_a_lane(prec: int) -> None:
    values = range(-128, 128, 9)
    vectors = [[([a, 0, b, 0], [b, 7, a, 0], prec, 0)] for a in values for b in values]
    assert [one[0] for one in seen([vectors])] == [product(*vector[0][:3]) for vector in vectors]


def block(p: int, e: int = 0) -> Block:
    """A block of 8 bits with a product of up to 127 * 127, or 65536."""
    if p == 65536:
        return GREATEST, GREATEST, 0, e
    high = round(p / 127)
    return [127, 1, 0, 0], [high, p - 127 * high, 0, 0], 0, e


@pytest.mark.parametrize(
    ("vector", "result"),
    [
        ([block(5, 3), block(-5, 3), block(7, -6)], (7, -6, 0, 0)),  # a sum of 0 has no exponent
        ([block(5, 3), block(0, 7), block(1, 3)], (6, 3, 0, 0)),  # a block of 0 has no scale
        ([block(0, -3)], (0, -3, 0, 0)),
        ([block(65536)] * 2, (65536, 1, 0, 1)),
        ([block(65536, max(-8, at - 9)) for at in range(16)], (65536, 7, 0, 15)),
        ([block(9000, 7), block(-1, -8)], (8999, 7, 0, 0)),  # floored to -1
        ([block(2047), ([0] * 4, [0] * 4, 1, 0)], (1024, 1, 1, 0)),  # a carry
        ([block(2050), ([0] * 4, [0] * 4, 1, 0)], (512, 2, 1, 0)),  # a tie to the even number below
        ([block(2054), ([0] * 4, [0] * 4, 1, 0)], (514, 2, 1, 0)),  # and to the one above
        ([block(65536, 7)] * 15 + [([0] * 4, [0] * 4, 2, 7)], (960, 17, 1, 3)),
        ([([127] * 4, [0x78] * 4, 3, 0)], (-4064, 0, 0, 0)),  # the upper half of a weight is ignored
    ],
)
def test_corner_cases_of_section_6(vector: list[Block], result: Result) -> None:
    assert seen([[vector]]) == [result]


def test_a_reset_drops_the_open_vector_and_its_precision() -> None:
    four = ([1, 0, 0, 0], [1, 0, 0, 0], 1, 0)
    cut = [(five := block(5)), five]
    found = observe([[cut, cut], [[four, four]]])
    assert found.expected["out"].columns["sum"].tolist() == [10, 10, 2]
    assert found.tables["vector"].columns["prev_last_prec"].tolist() == [-1, 0, -1]
    assert found.tables["block"].columns["prev_prec"].tolist() == [-1, 0, -1, 0, -1, 1]


def test_a_trace_without_blocks_owes_nothing() -> None:
    found = observe([[], []])
    assert len(found.expected["out"]) == 0
    assert all(len(table) == 0 for table in found.tables.values())
