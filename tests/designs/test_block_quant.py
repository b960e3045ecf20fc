"""The reference model of block_quant against a second reading of spec.md, which searches tables of all codes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import ReferenceModel

INPUT = {"x": 1, "fmt": 1}
BFP, BM, BL = range(3)
LOWEST = -32768
POWERS = [2**k for k in range(15)]
ROOTS = [2, 3, 5, 6, 11, 12, 22, 23, 45, 46, 90, 91, 181, 182, 362, 363, 724, 725, 1448, 1449, 2896, 2897, 5792, 5793]
EDGES = [0, *ROOTS, 11585, 11586, 23170, 23171, *(p + step for p in POWERS for step in (-1, 0, 1) if p + step)]
Beat = tuple[int, int, int]  # (data, head, last)


class Element(NamedTuple):
    """One accepted element; `reset` stands for reset pulses before it, in which nothing is accepted."""

    x: int
    fmt: int
    gap: int = 0
    resets: int = 0


def block(fmt: int, *x: int) -> list[Element]:
    """A block that begins with these elements and goes on with zeros, all of one format."""
    return [Element(value, fmt) for value in [*x, *[0] * (8 - len(x))]]


@cache
def reference() -> ReferenceModel:
    """Loaded once: it is asked some thousand times."""
    return find_design("block_quant").model


def observed(elements: Sequence[Element]) -> list[tuple[int, int, Beat]]:
    """What the model expects: (epoch, cycle of the cause, beat)."""
    events, cycle, epoch, epochs = list[Event](), 0, 0, list[int]()
    for one in elements:
        epoch += one.resets
        cycle += one.gap + one.resets
        epochs += [epoch] * (cycle + 1 - len(epochs))
        events.append((cycle, epoch, {"x": one.x, "fmt": one.fmt}))
        cycle += 1
    ports = {"in": transfers(events, INPUT)}
    found = reference().observe(trace(len(epochs), epochs, **ports)).expected["out"]
    beats = zip(*(found.columns[name].tolist() for name in ("data", "head", "last")), strict=True)
    return list(zip(found.epoch.tolist(), found.cause_cycle.tolist(), beats, strict=True))


def beats(elements: Sequence[Element]) -> list[Beat]:
    return [beat for *_, beat in observed(elements)]


@cache
def values(fmt: int, e: int) -> list[int]:
    """Section 2: 1024 times what the positive codes 0, 1, 2, ... of a format stand for."""
    if fmt == BFP:
        return [m * 2 ** (e + 3) for m in range(128)]
    subnormal = [m * 2**e for m in range(16)]
    return subnormal + [(16 + m) * 2 ** (e - 1 + code) for code in range(1, 8) for m in range(16)]


@cache
def nearest(fmt: int, e: int, magnitude: int) -> int:
    """The code of the nearest value; of two that are equally near, the even one."""
    return min(range(128), key=lambda code: (abs(values(fmt, e)[code] - 1024 * magnitude), code % 2))


@cache
def nearest_log(e: int, magnitude: int) -> int:
    """The code c for which magnitude / 2^(e - 15 + c) is nearest to 1 as a ratio."""
    ratios = {c: Fraction(magnitude) / Fraction(2) ** (e - 15 + c) for c in range(16)}
    return min(ratios, key=lambda c: max(ratios[c], 1 / ratios[c]))


def naive_block(elements: Sequence[Element]) -> list[Beat]:
    fmt, x = min(elements[0].fmt, BL), [one.x for one in elements]
    peak = max(map(abs, x))
    exponents = range(16)
    below, above = [e for e in exponents if 2**e <= peak], [e for e in exponents if 2**e >= peak]
    e = 0 if not peak else max(below) if fmt == BM else min(above)
    codes = []
    for value in x:
        size = abs(value)
        code = (nearest_log(e, size) if size else 0) if fmt == BL else nearest(fmt, e, size)
        codes.append(code + 128 if value < 0 else code)
    return [(fmt << 4 | e, 1, 0), *((code, 0, int(place == 7)) for place, code in enumerate(codes))]


def naive(elements: Sequence[Element]) -> list[tuple[int, int, Beat]]:
    """Element by element: a reset drops the open block, the eighth element closes it."""
    out, open_block, epoch, cycle = list[tuple[int, int, Beat]](), list[Element](), 0, -1
    for one in elements:
        epoch, cycle = epoch + one.resets, cycle + 1 + one.gap + one.resets
        open_block = [one] if one.resets else [*open_block, one]
        if len(open_block) == 8:
            out += [(epoch, cycle, beat) for beat in naive_block(open_block)]
            open_block = []
    return out


def some_value(draw: random.Random, bits: int) -> int:
    """At most `bits` bits wide, at an edge or anywhere, of either sign."""
    top = 1 << bits
    edge = draw.choice([0, 1, top // 2, top // 2 - 1, top - 1, top, *[v for v in EDGES if v <= top]])
    value = draw.choice([edge, draw.randint(0, top), 0]) * draw.choice([1, -1])
    return max(LOWEST, min(32767, value))


def some_elements(draw: random.Random, count: int, resets: list[int]) -> list[Element]:
    elements = list[Element]()
    for at in range(count):
        if at % 8 == 0:
            bits, spread = draw.randint(0, 15), draw.choice([0, 2, 15])
        width = max(0, bits - draw.randint(0, spread))
        gap, pulses = draw.choice([0, 0, 0, 1, 5]), resets.count(at)
        elements.append(Element(some_value(draw, width), draw.randint(0, 3), gap, pulses))
    return elements


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 60), st.lists(st.integers(0, 60), max_size=3))
def test_the_model_reads_the_specification_as_we_do(seed: int, count: int, resets: list[int]) -> None:
    elements = some_elements(random.Random(seed), count, resets)
    assert observed(elements) == naive(elements)


@pytest.mark.parametrize("fmt", [BFP, BM, BL])
@pytest.mark.parametrize("peak", [LOWEST, 32767, 16384, 16383, 4097, 2048, 1023, 257, 128, 100, 17, 8, 3, 2, 1])
def test_every_edge_below_a_peak_is_coded_as_the_tables_say(fmt: int, peak: int) -> None:
    edges = [sign * value for value in EDGES if value <= abs(peak) for sign in (1, -1)]
    for start in range(0, len(edges), 7):
        elements = [*block(fmt, *edges[start : start + 7])[:7], Element(peak, fmt)]
        assert beats(elements) == naive_block(elements)


@given(st.integers(0, 1 << 30), st.integers(0, 15))
def test_decoded_values_lie_within_half_a_step_unless_saturated(seed: int, bits: int) -> None:
    draw = random.Random(seed)
    x = [some_value(draw, bits) for _ in range(8)]
    (point, *points), (mini, *minis) = (beats(block(fmt, *x)) for fmt in (BFP, BM))
    for value, (code, *_), (small, *_) in zip(x, points, minis, strict=True):
        table, other = values(BFP, point[0] & 15), values(BM, mini[0] & 15)
        assert abs(table[code & 127] - 1024 * abs(value)) <= table[1] / (1 if code & 127 == 127 else 2)
        step = other[1] * 2 ** max((small >> 4 & 7) - 1, 0)
        assert abs(other[small & 127] - 1024 * abs(value)) <= step / (1 if small & 127 == 127 else 2)


@pytest.mark.parametrize(
    ("fmt", "x", "expected"),
    [
        (BFP, [128, 1, -1, 127, -128], [0x07, 127, 1, 0x81, 127, 0xFF]),  # a power of two saturates
        (BFP, [129, 1, 3, 2, -1], [0x08, 64, 0, 2, 1, 0x80]),  # 64.5, 0.5 and 1.5 are ties
        (BFP, [255, -255, 1], [0x08, 127, 0xFF, 0]),  # 127.5 is a tie towards 128, which is none
        (BFP, [LOWEST, 32767, 128, 129], [0x0F, 0xFF, 127, 0, 1]),
        (BM, [1, -1], [0x10, 0x70, 0xF0]),
        (BM, [63, 62, 61], [0x15, 0x7F, 0x7F, 0x7E]),  # 31.5 saturates, 31 is exact, 30.5 goes to 30
        (BM, [64, 63, 61], [0x16, 0x70, 0x70, 0x6E]),  # 31.5 goes to the next exponent code, 30.5 to 30
        (BM, [LOWEST, 511, 512, 496, 495, 16, 17, -16], [0x1F, 0xF0, 0x10, 0x10, 0x10, 0x0F, 0, 1, 0x80]),
        (BM, [1024, 16, 15, 1, -1], [0x1A, 0x70, 0x10, 0x0F, 0x01, 0x81]),  # steps of 1, exact
        (BL, [LOWEST, -1, 1, 2, 23170, 23171, -23171], [0x2F, 0x8F, 0x80, 0, 1, 14, 15, 0x8F]),
        (BL, [3, 2, 1, -1], [0x22, 15, 14, 13, 0x8D]),
        (BL, [5, 6, 8, 11, 12], [0x24, 13, 14, 14, 14, 15]),
    ],
)
def test_blocks_that_a_person_can_work_out(fmt: int, x: list[int], expected: list[int]) -> None:
    data = [one for one, *_ in beats(block(fmt, *x))]
    assert data == expected + [0] * (8 - len(x))


@pytest.mark.parametrize("fmt", range(4))
def test_a_zero_block_has_nothing_of_its_neighbours(fmt: int) -> None:
    around = block((fmt + 1) % 3, LOWEST, -5, 77)
    found = beats([*around, *block(fmt), *around])[9:18]
    assert found == [(min(fmt, BL) << 4, 1, 0), *[(0, 0, 0)] * 7, (0, 0, 1)]


@pytest.mark.parametrize("fmt", range(4))
def test_only_the_first_element_says_the_format(fmt: int) -> None:
    one, *others = block(fmt, 100, -3, 7)
    assert beats([one, *(other._replace(fmt=(fmt + 1) % 4) for other in others)]) == beats([one, *others])


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_reset_drops_the_open_block_with_its_format_and_peak(cut: int) -> None:
    begun, new = [Element(LOWEST, BM)] * cut, block(BL, 3, -1)
    new[0] = new[0]._replace(resets=1)
    assert beats([*begun, *new])[-9:] == beats(block(BL, 3, -1))
    assert len(beats([*begun, *new])) == (18 if cut == 8 else 9)
