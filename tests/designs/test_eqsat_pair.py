"""The reference model of eqsat_pair against a second reading of spec.md; its rewrites for all operands of four bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation

MODEL = find_design("eqsat_pair").model

Beat = tuple[int, int, int, int, int, int]
"""(a, b, c, k, rule, wide)"""

WORDS = st.one_of(st.integers(-32768, 32767), st.sampled_from([-32768, -32767, -1, 0, 1, 32766, 32767]))
BEATS = st.tuples(WORDS, WORDS, WORDS, st.integers(0, 15), st.integers(0, 15), st.integers(0, 1))
JOBS = st.lists(st.lists(BEATS, min_size=1, max_size=6), max_size=5)
"""The jobs of a reset epoch."""


def observe(epochs: list[list[list[Beat]]]) -> Observation:
    """Accept the jobs of each reset epoch, a beat every other cycle; a reset takes one cycle."""
    events: list[Event] = []
    of_cycle: list[int] = []
    for epoch, jobs in enumerate(epochs):
        of_cycle.append(epoch)
        for job in jobs:
            for place, (a, b, c, k, rule, wide) in enumerate(job):
                last = int(place == len(job) - 1)
                fields = {"a": a, "b": b, "c": c, "k": k, "rule": rule, "wide": wide, "last": last}
                events.append((len(of_cycle), epoch, fields))
                of_cycle += [epoch] * 2
    port = transfers(events, dict.fromkeys(("a", "b", "c", "k", "rule", "wide", "last"), 1))
    return MODEL.observe(trace(len(of_cycle), of_cycle, **{"in": port}))


def low_bits(x: int, bits: int = 16) -> int:
    """N of section 2."""
    x %= 1 << bits
    return x - (1 << bits) if x >> (bits - 1) else x


def nearest(x: int) -> int:
    """S of section 2."""
    return max(-32768, min(32767, x))


def sides(a: int, b: int, c: int, k: int, rule: int, wide: int) -> tuple[int, int]:
    """Section 3: L, and R as L with the word of the narrow form put in the place where it is too narrow."""
    n = (lambda x, bits=16: x) if wide else low_bits
    byte_a, byte_c, u, lost = low_bits(a, 8), low_bits(c, 8), a % 65536, 65536 * ((a + b > 32767) - (a + b < -32768))
    quotient = abs(a) // 2**k * (-1 if a < 0 else 1)
    once = min(max(a + b + c, -32768, c - 32768), 32767, c + 32767)
    table = [
        (a + b + c, a + n(b + c)),
        (nearest(nearest(a + b) + c), once if wide else nearest(a + nearest(b + c))),
        ((a + b) * c, n(a * c + b * c, 32)),
        (a * c + b * c, n(a + b) * c),
        (a * 2**k, n(a * 2**k, 24)),
        (quotient, quotient if wide else a // 2**k),
        ((a + b) // 2, n(a + b) // 2),
        (c if a < b else 0, c if n(a - b) < 0 else 0),
        (max(a, b) - min(a, b), abs(n(a - b))),
        (byte_a + byte_c, n(byte_a + byte_c, 8)),
        ((a + b) // 2**k + low_bits(a + b), n(a + b) // 2**k + a + b - lost),
        (abs(a) - abs(b), n(abs(a)) - n(abs(b))),
        (7 * a, n(7 * a, 18)),
        (u // 3, u // 3 if wide else u * 21846 // 65536),
        (int(a < b), int(n(a + c) < n(b + c))),
        (a, a),
    ]
    return table[rule]


def naive(jobs: list[list[Beat]]) -> list[tuple[int, int, int, int, int, int]]:
    """left, right, differ, count, first, last of the beats of one epoch."""
    results = []
    for job in jobs:
        count, first = 0, 16
        for place, (a, b, c, k, _, _) in enumerate(job):
            left, right = sides(a, b, c, k, job[0][4], job[0][5])
            if left != right:
                count, first = count + 1, min(first, place)
            results.append((left, right, int(left != right), count, first, int(place == len(job) - 1)))
    return results


def seen(found: Observation) -> list[tuple[int, ...]]:
    columns = found.expected["out"].columns
    names = ("left", "right", "differ", "count", "first", "last")
    return list(zip(*(columns[name].tolist() for name in names), strict=True))


@settings(max_examples=200)
@given(st.lists(JOBS, min_size=1, max_size=2))
def test_the_model_reads_the_specification_as_we_do(epochs: list[list[list[Beat]]]) -> None:
    assert seen(observe(epochs)) == [result for jobs in epochs for result in naive(jobs)]


def all_operands(width: int) -> tuple[np.ndarray, ...]:
    """a, b, c and k, each with an entry for every combination of operands of `width` bits."""
    words, shifts = range(-(1 << (width - 1)), 1 << (width - 1)), range(width)
    return tuple(np.array(list(itertools.product(words, words, words, shifts)), np.int64).T)


def separated(x: object, rule: int) -> np.ndarray:
    """The last column of section 3.1, in words of x.width bits."""
    a, b, c, k, low = x.a, x.b, x.c, x.k, x.low
    over, half = (lambda value: x.beyond(value) != 0), x.width // 2
    u, byte = a % (1 << x.width), lambda value: x.cut(value, half)
    outside = lambda value, bits: (value < -(1 << (bits - 1))) | (value >= 1 << (bits - 1))  # noqa: E731
    return [
        lambda: over(b + c),
        lambda: (x.beyond(a + b) * np.sign(c) == -1) | (x.beyond(b + c) * np.sign(a) == -1),
        lambda: (a == low) & (b == low) & (c == low),
        lambda: over(a + b) & (c != 0),
        lambda: outside(a << k, x.width + half),
        lambda: (a < 0) & (a % (1 << k) != 0),
        lambda: over(a + b),
        lambda: over(a - b) & (c != 0),
        lambda: np.abs(a - b) > 1 << (x.width - 1),
        lambda: outside(byte(a) + byte(c), half),
        lambda: over(a + b),
        lambda: (a == low) != (b == low),
        lambda: outside(7 * a, x.width + 2),
        lambda: (u >= 1 << (x.width - 1)) & (u % 3 == 2),
        lambda: over(a + c) != over(b + c),
        lambda: a != a,  # noqa: PLR0124
    ][rule]()


@pytest.mark.parametrize("rule", range(16))
def test_wide_forms_agree_for_all_words_of_four_bits_and_narrow_ones_differ_where_the_table_says(rule: int) -> None:
    x = MODEL.Operands(*all_operands(4), width=4)
    rules, ones = np.full(len(x.a), rule), np.ones(len(x.a), np.int64)
    left = MODEL.original(x, rules)
    assert np.array_equal(left, MODEL.rewritten(x, rules, ones))
    assert np.array_equal(left != MODEL.rewritten(x, rules, 0 * ones), separated(x, rule))


@pytest.mark.parametrize("wide", [0, 1])
def test_the_reciprocal_for_all_numbers_of_16_bits(wide: int) -> None:
    a = np.arange(-32768, 32768)
    x = MODEL.Operands(a, a, a, a & 15)
    rules = np.full(len(a), 13)
    differs = MODEL.original(x, rules) != MODEL.rewritten(x, rules, np.full(len(a), wide))
    assert np.array_equal(differs, separated(x, 13) & (wide == 0))


@pytest.mark.parametrize(
    ("beat", "result"),
    [
        ((-32768, -32768, -32768, 0, 2, 0), (2**31, -(2**31))),  # the only triple that separates rule 2
        ((-32768, -32768, -32768, 0, 2, 1), (2**31, 2**31)),
        ((32767, -1, 0, 0, 8, 0), (32768, 32768)),  # overflows, and agrees
        ((32767, -2, 0, 0, 8, 0), (32769, 32767)),
        ((-32768, -32768, 0, 0, 11, 0), (0, 0)),  # two overflows cancel
        ((-32768, 5, 0, 0, 11, 0), (32763, -32773)),
        ((-1, 0, 0, 15, 5, 0), (0, -1)),
        ((-32768, 0, 0, 15, 5, 0), (-1, -1)),
        ((32767, 1, 0, 15, 10, 0), (-32767, -32769)),  # as little as the two can differ
        ((18724, 0, 0, 0, 12, 0), (131068, 131068)),  # the shifted word leaves 18 bits, the difference does not
        ((18725, 0, 0, 0, 12, 0), (131075, -131069)),
    ],
)
def test_corner_cases_of_section_6(beat: Beat, result: tuple[int, int]) -> None:
    assert seen(observe([[[beat]]]))[0][:2] == result


def test_a_reset_drops_the_open_job_and_its_differences() -> None:
    differs, agrees = (127, 0, 127, 0, 9, 0), (0, 0, 0, 0, 9, 0)
    found = observe([[[differs, agrees]], [[agrees, differs]]])
    assert seen(found)[-1][2:] == (1, 1, 1, 1)
    job = found.tables["job"].columns
    assert (job["prev_rule"].tolist(), job["count"].tolist(), job["first"].tolist()) == ([-1, -1], [1, 1], [0, 1])


def test_a_trace_without_beats_owes_nothing() -> None:
    found = observe([[], []])
    assert len(found.expected["out"]) == 0
    assert all(len(table) == 0 for table in found.tables.values())
