"""The reference model of mxint_gelu against a second, naive reading of spec.md and against real GELU."""

from __future__ import annotations

import math
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation

Beat = tuple[int, int, int]
"""(m of lane 0, m of lane 1, e)"""

MANTISSAS = st.one_of(st.integers(-128, 127), st.sampled_from([-128, -1, 0, 1, 127]))
BEATS = st.tuples(MANTISSAS, MANTISSAS, st.integers(-8, 7))
EPOCHS = st.lists(st.lists(BEATS, max_size=12), min_size=1, max_size=3)


def observe(epochs: list[list[Beat]]) -> Observation:
    """Accept the beats of each reset epoch, every third cycle; a reset takes one cycle."""
    events: list[Event] = []
    of_cycle: list[int] = []
    for epoch, beats in enumerate(epochs):
        of_cycle.append(epoch)
        for m0, m1, e in beats:
            events.append((len(of_cycle), epoch, {"m": [m0, m1], "e": e}))
            of_cycle += [epoch] * 3
    port = transfers(events, {"m": 2, "e": 1})
    return find_design("mxint_gelu").model.observe(trace(len(of_cycle), of_cycle, **{"in": port}))


def seen(epochs: list[list[Beat]]) -> list[tuple[int, int, int]]:
    columns = observe(epochs).expected["out"].columns
    return [(m[0], m[1], e) for m, e in zip(columns["m"].tolist(), columns["e"].tolist(), strict=True)]


def dip(k: int) -> int:
    """The table of step 4, by its defining formula."""
    return round(128 * (k / 8) * 0.5 * math.erfc(k / 8 / math.sqrt(2)))


def element(m: int, e: int) -> Fraction:
    """Section 3.2: the result of one element, as a number."""
    x = m * Fraction(2) ** (e - 7)
    if x >= 4:
        return x
    if x < -4:
        return Fraction(0)
    s = floor(8 * x)
    return Fraction(16 * max(s, 0) - dip(abs(s)), 128)


def naive(beats: list[Beat]) -> list[tuple[int, int, int]]:
    """spec.md section 3 with exact fractions for the beats of one epoch."""
    results, kept = [], -8
    for m0, m1, e in beats:
        values = [element(m, e) for m in (m0, m1)]
        greatest = max(abs(value) for value in values)
        if greatest:
            # The exponent that puts the greatest magnitude into 64..127.
            kept = next(x for x in range(-8, 9) if greatest < Fraction(2) ** x)
        lanes = [round(value * Fraction(2) ** (7 - kept)) for value in values]  # Python rounds halves to even
        results.append((lanes[0], lanes[1], kept))
    return results


@settings(max_examples=300)
@given(EPOCHS)
def test_the_model_reads_the_specification_as_we_do(epochs: list[list[Beat]]) -> None:
    assert seen(epochs) == [result for beats in epochs for result in naive(beats)]


@pytest.mark.parametrize("e", range(-8, 8))
def test_every_mantissa_in_either_lane(e: int) -> None:
    beats = [pair for m in range(-128, 128) for pair in ((m, -3, e), (100, m, e))]
    assert seen([beats]) == naive(beats)


def test_the_formats_of_section_2_hold_for_all_mantissas_beside_each_other() -> None:
    least, greatest = 0, 0
    for e in range(-8, 8):
        for step in (1, 17, 41, 77):
            columns = observe([[(m, (m * step) % 256 - 128, e) for m in range(-128, 128)]]).expected["out"].columns
            least, greatest = min(least, int(columns["m"].min())), max(greatest, int(columns["m"].max()))
            assert set(columns["e"].tolist()) <= {-8, *range(-6, 8)}
    assert -120 <= least < 0
    assert 64 <= greatest <= 127


@given(BEATS)
def test_the_output_is_near_to_gelu(beat: Beat) -> None:
    """Within 1/8 of a unit for the floored place, and half a unit of the last place of the block."""
    m0, m1, x = seen([[beat]])[0]
    for m, y in ((beat[0], m0), (beat[1], m1)):
        value = m * 2.0 ** (beat[2] - 7)
        true = value * 0.5 * math.erfc(-value / math.sqrt(2))
        assert abs(y * 2.0 ** (x - 7) - true) <= 0.145 + 2.0 ** (x - 8)


@pytest.mark.parametrize(
    ("beats", "last"),
    [
        ([(0, 0, 0)], (0, 0, -8)),  # zeros first: -8
        ([(127, 0, 7), (0, 0, 0)], (0, 0, 7)),  # zeros take the exponent of the beat before
        ([(127, 0, 7), (-128, 0, 7), (0, 0, -8)], (0, 0, 7)),  # and hand it on
        ([(32, 31, 4)], (64, 62, 3)),  # 4 passes through, the last place of the table does not
        ([(-128, -128, 7)], (0, 0, -8)),
        ([(-1, 0, -8)], (-112, 0, -4)),  # a small negative number is floored to the first place
        ([(2, -28, 3)], (72, -72, -3)),  # 9 and -9: the sum is 0, the block is not
        ([(10, -14, 4)], (72, -4, 1)),  # -4.5 goes to the even side
    ],
)
def test_corner_cases_of_section_6(beats: list[Beat], last: tuple[int, int, int]) -> None:
    assert seen([beats])[-1] == last


def test_a_reset_forgets_the_kept_exponent_and_facts_of_the_beat_before() -> None:
    found = observe([[(127, 0, 7)], [(0, 0, 0), (0, 0, 0)], []])
    assert found.expected["out"].columns["e"].tolist() == [7, -8, -8]
    assert found.expected["out"].epoch.tolist() == [0, 1, 1]
    beat = found.tables["beat"].columns
    assert beat["zeros"].tolist() == [0, 1, 2]
    assert beat["prev_x"].tolist() == [-8, -8, -8]
    assert beat["prev_length"].tolist() == [-1, -1, 0]
    assert beat["gap"].tolist() == [-1, -1, 2]


def test_a_trace_without_beats_owes_nothing() -> None:
    found = observe([[], []])
    assert len(found.expected["out"]) == 0
    assert all(len(table) == 0 for table in found.tables.values())
