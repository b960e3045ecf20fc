"""The reference model of kv_pack against a second, naive reading of spec.md and against real quantisation."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design

TOKEN = {"x": 8, "bits": 1, "gran": 1}
PARAM, CODE, RESID, END = range(4)
Word = tuple[int, int, int]
Token = tuple[list[int], int, int]


def tokens(seed: int, count: int, spread: int, modes: int) -> list[Token]:
    """Random tokens; a small `spread` makes ranges of 0, 1 and a few; `modes` how often the mode may change."""
    draw = random.Random(seed)
    middle = [draw.randint(-128 + spread, 127 - spread) for _ in range(8)]
    result = []
    for _ in range(count):
        x = [value + draw.randint(-spread, spread) for value in middle]
        result.append((x, draw.randint(0, 1), int(draw.randrange(modes) == 0)))
    return result


def observed(sent: list[tuple[int, int, Token]], flushes: list[tuple[int, int]]) -> list[Word]:
    """What the model expects of tokens (cycle, epoch, token) and flushes (cycle, epoch)."""
    events: list[Event] = [
        (cycle, epoch, {"x": x, "bits": bits, "gran": gran}) for cycle, epoch, (x, bits, gran) in sent
    ]
    length = max([0, *(cycle for cycle, *_ in sent), *(cycle for cycle, _ in flushes)]) + 1
    epochs = [0] * length
    for cycle, epoch, *_ in [*sent, *flushes]:
        epochs[cycle:] = [max(epoch, one) for one in epochs[cycle:]]
    ports = {"tok": transfers(events, TOKEN), "flush": transfers([(c, e, {}) for c, e in flushes], {})}
    found = find_design("kv_pack").model.observe(trace(length, epochs, **ports)).expected["w"].columns
    return list(zip(found["data"].tolist(), found["kind"].tolist(), found["last"].tolist(), strict=True))


def naive(sent: list[tuple[int, int, Token]], flushes: list[tuple[int, int]]) -> list[Word]:
    """spec.md section 3, event by event: within a cycle the token comes before the flush."""
    marks = [(cycle, 0, epoch, token) for cycle, epoch, token in sent]
    strobes = [(cycle, 1, epoch, None) for cycle, epoch in flushes]
    words: list[Word] = []
    group: list[list[int]] = []
    mode, now, unflushed = (0, 0), 0, False
    for _, _, epoch, token in sorted([*marks, *strobes], key=lambda mark: mark[:2]):
        if epoch != now:
            group, now, unflushed = [], epoch, False
        if token is None:
            if group:
                words += residual(group)
            elif unflushed:
                words.append((0, END, 1))
            group, unflushed = [], False
            continue
        x, bits, gran = token
        mode = mode if group else (bits, gran)
        group, unflushed = [*group, x], True
        if mode[1] or len(group) == 16:
            for line in group if mode[1] else zip(*group, strict=True):
                words += coded(list(line), mode[0])
            group = []
    return words


def coded(line: list[int], bits: int) -> list[Word]:
    low, span, most = min(line), max(line) - min(line), 3 if bits else 15
    codes = [floor(Fraction((x - low) * most, span) + Fraction(1, 2)) if span else 0 for x in line]
    width, count = (2, 8) if bits else (4, 4)
    packed = [
        sum(code << width * i for i, code in enumerate(codes[k : k + count])) for k in range(0, len(codes), count)
    ]
    return [((low & 255) << 8 | span, PARAM, 0), *((word, CODE, 0) for word in packed)]


def residual(group: list[list[int]]) -> list[Word]:
    words = [(x[2 * k] & 255 | (x[2 * k + 1] & 255) << 8, RESID, 0) for x in group for k in range(4)]
    return [*words[:-1], (words[-1][0], RESID, 1)]


@settings(max_examples=200)
@given(
    st.integers(0, 1 << 30), st.integers(0, 120), st.sampled_from([0, 1, 2, 20, 120]), st.sampled_from([1, 2, 20]),
    st.floats(0, 0.4), st.lists(st.integers(1, 200), max_size=2),
)  # fmt: skip
def test_the_model_reads_the_specification_as_we_do(
    seed: int, count: int, spread: int, modes: int, often: float, resets: list[int]
) -> None:
    draw = random.Random(seed)
    cycle, sent = 0, []
    for token in tokens(seed, count, spread, modes):
        cycle += 1 + draw.choice([0, 0, 0, 2])
        sent.append((cycle, sum(cycle > at for at in resets), token))
    flushes = [(at, sum(at > reset for reset in resets)) for at in range(cycle + 3) if draw.random() < often]
    assert observed(sent, flushes) == naive(sent, flushes)


@given(st.integers(0, 1 << 30), st.integers(1, 120), st.integers(0, 1))
def test_codes_stand_for_the_values_within_half_a_step(seed: int, spread: int, bits: int) -> None:
    sent = [(at, 0, (x, bits, 0)) for at, (x, _, _) in enumerate(tokens(seed, 16, spread, 1))]
    words, most, width = observed(sent, []), 3 if bits else 15, 2 if bits else 4
    lines = [words[i : i + len(words) // 8] for i in range(0, len(words), len(words) // 8)]
    for channel, (param, *codes) in enumerate(lines):
        low, span = (param[0] >> 8) - 256 * (param[0] >> 15), param[0] & 255
        values = [word >> width * i & most for word, _, _ in codes for i in range(16 // width)]
        for (_, _, (x, _, _)), code in zip(sent, values, strict=True):
            assert abs(x[channel] - (low + code * span / most)) <= span / most / 2 + 1e-9


@pytest.mark.parametrize(
    ("count", "flushes", "kinds", "lasts"),
    [
        (0, [3], [], 0),  # nothing was accepted, so nothing is owed
        (1, [0], [RESID] * 4, 1),  # the token of the same cycle comes first
        (16, [15], [PARAM, CODE, CODE, CODE, CODE] * 8 + [END], 1),
        (16, [14], [RESID] * 60, 1),
        (16, [20, 21], [PARAM, CODE, CODE, CODE, CODE] * 8 + [END], 1),
        (17, [], [PARAM, CODE, CODE, CODE, CODE] * 8, 0),
    ],
)
def test_what_a_flush_gives(count: int, flushes: list[int], kinds: list[int], lasts: int) -> None:
    sent = [(at, 0, ([at] * 8, 0, 0)) for at in range(count)]
    words = observed(sent, [(at, 0) for at in flushes])
    assert [kind for _, kind, _ in words] == kinds
    assert sum(last for *_, last in words) == lasts
