"""The reference model of hass_spe against a second, naive reading of spec.md and against the plain dot product."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design

INPUT = {"a": 8, "w": 8, "last": 1}
CONFIG = {"tau_a": 1, "tau_w": 1, "skip_zero": 1}
LOW, HIGH = -524288, 524287
TAUS = [0, 0, 1, 2, 2, 40, 126, 127]
NEAR = [sign * (tau + step) for tau in TAUS[:-1] for step in (-1, 0, 1) for sign in (1, 1, -1)] + [-128]
Lanes = list[tuple[int, int]]  # eight times (activation, weight)
Write = tuple[int, int, int]  # (tau_a, tau_w, skip_zero)
Result = tuple[int, int, int]  # (sum, nnz, cycles)


class Cycle(NamedTuple):
    """What happens at one rising edge; nothing is accepted in a reset."""

    lanes: Lanes | None = None
    last: bool = False
    write: Write | None = None
    reset: bool = False


def lanes(*pairs: tuple[int, int]) -> Lanes:
    """A beat with these pairs from lane 0 on, and zeros behind them."""
    return [*pairs, *[(0, 0)] * (8 - len(pairs))]


def sent(*windows: Sequence[Lanes]) -> list[Cycle]:
    """Windows without gaps."""
    return [Cycle(beat, place == len(window) - 1) for window in windows for place, beat in enumerate(window)]


def observed(cycles: Sequence[Cycle]) -> list[tuple[int, Result]]:
    """What the model expects: (epoch, result) of each window."""
    beats, writes, epochs, epoch = list[Event](), list[Event](), list[int](), 0
    for at, (beat, last, write, reset) in enumerate(cycles):
        epoch += reset and not (at and cycles[at - 1].reset)
        epochs.append(epoch)
        if beat is not None and not reset:
            a, w = zip(*beat, strict=True)
            beats.append((at, epoch, {"a": a, "w": w, "last": int(last)}))
        if write is not None and not reset:
            writes.append((at, epoch, dict(zip(CONFIG, write, strict=True))))
    ports = {"in": transfers(beats, INPUT), "cfg": transfers(writes, CONFIG)}
    found = find_design("hass_spe").model.observe(trace(len(cycles), epochs, **ports)).expected["out"]
    columns = [found.columns[name].tolist() for name in ("sum", "nnz", "cycles")]
    return list(zip(found.epoch.tolist(), zip(*columns, strict=True), strict=True))


def results(cycles: Sequence[Cycle]) -> list[Result]:
    return [result for _, result in observed(cycles)]


class Naive:
    """spec.md sections 3 and 5, edge by edge."""

    def __init__(self) -> None:
        self.out: list[tuple[int, Result]] = []
        self.epoch, self.was_reset = 0, False
        self.reset()

    def reset(self) -> None:
        self.pointer, self.written = 0, (0, 0, 0)
        self.end_window()

    def end_window(self) -> None:
        self.config: Write | None = None
        self.sum, self.stuck, self.nnz, self.steps = 0, False, 0, 0

    def edge(self, cycle: Cycle) -> None:
        if cycle.reset:
            self.epoch += not self.was_reset
            self.reset()
        elif cycle.lanes is not None:  # before the write of the same cycle
            self.beat(cycle.lanes, cycle.last)
        if cycle.write is not None and not cycle.reset:
            self.written = cycle.write
        self.was_reset = cycle.reset

    def beat(self, beat: Lanes, last: bool) -> None:
        if self.config is None:
            self.config = self.written
        tau_a, tau_w, skip_zero = self.config
        pending = [i for i, (a, w) in enumerate(beat) if a > tau_a and abs(w) >= tau_w and w != 0]
        self.nnz += len(pending)
        if not pending and not skip_zero:
            self.steps += 1
        while pending:
            self.steps += 1
            self.step(beat, pending)
        if last:
            self.out.append((self.epoch, (self.sum, self.nnz, self.steps)))
            self.end_window()

    def step(self, beat: Lanes, pending: list[int]) -> None:
        products, lane = list[int](), self.pointer
        for _ in range(8):
            if lane in pending and len(products) < 2:
                pending.remove(lane)
                products.append(beat[lane][0] * beat[lane][1])
                self.pointer = (lane + 1) % 8
            lane = (lane + 1) % 8
        if self.stuck:
            return
        self.sum += sum(products)
        if not LOW <= self.sum <= HIGH:
            self.sum, self.stuck = (HIGH if self.sum > HIGH else LOW), True


def naive(cycles: Sequence[Cycle]) -> list[tuple[int, Result]]:
    reading = Naive()
    for cycle in cycles:
        reading.edge(cycle)
    return reading.out


PLUS, MINUS = [(127, 127)] * 8, [(127, -128)] * 8  # four of them: 8159 below HIGH, 4096 above LOW
TO_HIGH, TO_LOW = lanes((127, 64), (31, 1)), lanes((64, -64))
CROSS, ZERO = lanes((127, 127), (127, 127), (127, -128), (127, -128)), lanes()  # from lane 0 on two up, two down
EDGES = [(127, 127), (127, -128), (127, -127), (127, 64), (32, 1), (1, 1), (1, -1), (0, 0)]


def some_lanes(draw: random.Random) -> Lanes:
    """Around the thresholds, of few pairs or without any, or dense."""
    near = [(draw.choice(NEAR), draw.choice(NEAR)) for _ in range(8)]
    dense = [(127, draw.choice([-128, 127, draw.randint(-128, 127)])) for _ in range(8)]
    few = draw.sample(lanes(*dense[: draw.randint(1, 3)]), 8)
    zero = [draw.choice([(0, 0), (-5, 9), (9, 0), (0, -128)]) for _ in range(8)]
    return draw.choice([near, near, dense, few, zero])


def some_window(draw: random.Random) -> list[Lanes]:
    """Now and then four dense beats that lead to the edge of the range, and a few that go to and fro over it."""
    if draw.random() < 0.5:
        return [some_lanes(draw) for _ in range(draw.choice([1, 1, 2, 3, 8]))]
    edges = [[draw.choice(EDGES) for _ in range(8)] for _ in range(draw.randint(1, 4))]
    behind = [draw.choice([draw.sample(CROSS, 8), edge, some_lanes(draw), TO_HIGH, TO_LOW]) for edge in edges]
    return [draw.choice([PLUS, MINUS])] * 4 + behind


def some_cycles(draw: random.Random, windows: int, often: float, resets: list[int]) -> list[Cycle]:
    """A schedule with gaps, writes in any cycle and most often at first beats, and resets (of one or three cycles)."""
    schedule = list[Cycle]()
    for _ in range(windows):
        for place, cycle in enumerate(sent(some_window(draw))):
            for item in [Cycle()] * draw.choice([0, 0, 0, 1, 2]) + [cycle]:
                written = draw.random() < (often if place else min(1, 2 * often))
                write = (draw.choice(TAUS), draw.choice(TAUS), draw.randint(0, 1)) if written else None
                schedule.append(item._replace(write=write))
    for at in resets:
        schedule[at:at] = [Cycle(reset=True)] * draw.choice([1, 1, 3])
    return schedule


@settings(max_examples=200)
@given(
    st.integers(0, 1 << 30), st.integers(1, 8), st.sampled_from([0.0, 0.1, 0.5]),
    st.lists(st.integers(0, 60), max_size=2), st.integers(0, 3),
)  # fmt: skip
def test_the_model_reads_the_specification_as_we_do(
    seed: int, windows: int, often: float, resets: list[int], cut: int
) -> None:
    schedule = some_cycles(random.Random(seed), windows, often, resets)
    schedule = schedule[: max(1, len(schedule) - cut)]  # the last window may stay without an end
    assert observed(schedule) == naive(schedule)


@settings(max_examples=100)
@given(st.integers(0, 1 << 30), st.sampled_from(TAUS), st.sampled_from(TAUS), st.integers(0, 1))
def test_a_sum_that_stays_in_range_is_the_dot_product_over_the_thresholds(
    seed: int, tau_a: int, tau_w: int, skip_zero: int
) -> None:
    """Four beats have 32 pairs at most, too few to leave the range in any order of the grants."""
    draw, expected = random.Random(seed), list[Result]()
    windows = [[some_lanes(draw) for _ in range(draw.randint(1, 4))] for _ in range(5)]
    for window in windows:
        kept = [[a * w for a, w in beat if a > tau_a and abs(w) >= max(tau_w, 1)] for beat in window]
        cycles = sum(-(-len(beat) // 2) if beat else 1 - skip_zero for beat in kept)
        expected.append((sum(map(sum, kept)), sum(map(len, kept)), cycles))
    assert results([Cycle(write=(tau_a, tau_w, skip_zero)), *sent(*windows)]) == expected


@settings(max_examples=100)
@given(st.integers(0, 1 << 30), st.integers(0, 100), st.sampled_from([1, -1]))
def test_a_sum_of_products_of_one_sign_is_the_clamped_dot_product(seed: int, least: int, sign: int) -> None:
    draw = random.Random(seed)
    window = [[(draw.randint(least, 127), sign * draw.randint(least, 127)) for _ in range(8)] for _ in range(8)]
    plain = sum(a * w for beat in window for a, w in beat)
    assert results(sent(window))[0][0] == min(max(plain, LOW), HIGH)


@pytest.mark.parametrize(
    ("window", "write", "expected"),
    [
        ([lanes((3, -5), (0, 7), (-4, 9), (9, 0))], (0, 0, 0), (-15, 1, 1)),
        ([lanes((5, 9), (6, 5), (6, -6))], (5, 6, 0), (-36, 1, 1)),  # 5 is not above 5, |-6| is not below 6
        ([lanes((126, 127), (127, 126), (127, -127), (127, -128))], (126, 127, 0), (-127 * 255, 2, 1)),
        ([PLUS], (127, 0, 1), (0, 0, 0)),
        ([ZERO, lanes((2, 3), (1, 1), (1, 1)), ZERO], (0, 1, 0), (8, 3, 4)),
        ([ZERO, lanes((2, 3), (1, 1), (1, 1)), ZERO], (0, 1, 1), (8, 3, 2)),
        ([[(1, 1)] * 8] * 8, (0, 0, 1), (64, 64, 32)),
        ([PLUS] * 4 + [TO_HIGH, lanes((1, -1))], (0, 0, 0), (HIGH - 1, 35, 18)),
        ([PLUS] * 4 + [lanes((127, 64), (32, 1)), lanes((1, -1))], (0, 0, 0), (HIGH, 35, 18)),
        ([MINUS] * 4 + [TO_LOW, lanes((1, 1))], (0, 0, 0), (LOW + 1, 34, 18)),
        ([MINUS] * 4 + [lanes((64, -64), (1, -1)), lanes((1, 1))], (0, 0, 0), (LOW, 35, 18)),
        ([PLUS] * 4 + [lanes((127, 127), (127, -128))], (0, 0, 0), (516128 - 127, 34, 17)),  # to and fro in a step
    ],
)
def test_windows_that_a_person_can_work_out(window: list[Lanes], write: Write, expected: Result) -> None:
    assert results([Cycle(write=write), *sent(window)]) == [expected]


def test_the_pointer_that_a_window_leaves_decides_whether_the_next_one_saturates() -> None:
    window = [PLUS] * 4 + [CROSS]
    assert results(sent(window)) == [(HIGH, 36, 18)]
    # One pair in lane 0 leaves the pointer at 1: lanes 1 and 2 cancel nearly, and so do 3 and 0; a zero beat leaves it.
    assert results(sent([lanes((1, 1))], [ZERO], window)) == [(1, 1, 1), (0, 0, 1), (516128 - 2 * 127, 36, 18)]


@pytest.mark.parametrize(("at", "counts"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 2, 0]), (3, [1, 2, 0])])
def test_a_write_counts_for_windows_that_begin_in_a_later_cycle(at: int, counts: list[int]) -> None:
    one = lanes((1, 1))
    schedule = [Cycle(), *sent([one], [one, one], [one])]  # windows in cycles 1, 2 to 3, and 4
    schedule[at] = schedule[at]._replace(write=(1, 0, 0))
    assert [nnz for _, nnz, _ in results(schedule)] == counts


def test_of_several_writes_the_last_one_counts() -> None:
    writes = [Cycle(write=(127, 0, 0)), Cycle(write=(0, 127, 1))]
    assert results([*writes, *sent([lanes((1, 127), (1, 126)), ZERO])]) == [(127, 1, 1)]


def test_a_reset_drops_the_configuration_the_pointer_and_a_partial_window() -> None:
    before = [Cycle(write=(50, 0, 1)), *sent([lanes((60, 1), (50, 1)), ZERO])]
    partial = [Cycle(lanes((51, 1)), write=(127, 127, 1)), Cycle(reset=True), Cycle(reset=True)]
    after = sent([PLUS] * 4 + [CROSS], [ZERO, lanes((1, 1), (1, 1))])  # saturates from lane 0 on, not from lane 1
    assert observed([*before, *partial, *after]) == [(0, (60, 1, 1)), (1, (HIGH, 36, 18)), (1, (2, 2, 2))]
