"""The reference model of lut_mpgemm against a second, naive reading of spec.md and against the plain product."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import ReferenceModel

ACT = {"a": 4, "bits_m1": 1, "rows_m1": 1, "last": 1}
WGT = {"planes": 4}
Planes = list[int]  # plane 0 first
Result = tuple[int, int, int, int]  # (epoch, cycle of the input that completes it, y, last)


class Group(NamedTuple):
    """One beat of the activation stream."""

    a: list[int]
    bits_m1: int
    rows_m1: int
    last: int


class Cycle(NamedTuple):
    """What is accepted at one rising edge; nothing is in a reset."""

    act: Group | None = None
    wgt: Planes | None = None
    reset: bool = False


@cache
def model() -> ReferenceModel:
    return find_design("lut_mpgemm").model


def observed(cycles: Sequence[Cycle]) -> tuple[list[Result], frozenset[str]]:
    """What the model expects, and which ports it lets wait."""
    acts, wgts, epochs, epoch = list[Event](), list[Event](), list[int](), 0
    for at, (act, wgt, reset) in enumerate(cycles):
        epoch += reset and not (at and cycles[at - 1].reset)
        epochs.append(epoch)
        if act is not None:
            acts.append((at, epoch, act._asdict()))
        if wgt is not None:
            wgts.append((at, epoch, {"planes": wgt}))
    ports = {"act": transfers(acts, ACT), "wgt": transfers(wgts, WGT)}
    found = model().observe(trace(len(cycles), epochs, **ports))
    out = found.expected["out"]
    columns = (out.epoch, out.cause_cycle, out.columns["y"], out.columns["last"])
    return list(zip(*(column.tolist() for column in columns), strict=True)), found.may_wait


def results(cycles: Sequence[Cycle]) -> list[tuple[int, int]]:
    """The expected (y, last)."""
    return [(y, last) for _, _, y, last in observed(cycles)[0]]


class Naive:
    """spec.md sections 3 and 5, edge by edge."""

    def __init__(self) -> None:
        self.out: list[Result] = []
        self.at, self.epoch, self.was_reset = -1, 0, False
        self.reset()

    def reset(self) -> None:
        self.weights: list[Planes] = []
        self.groups: list[tuple[Group, int, int, bool]] = []  # with b, R and "first" of its tile; weights are missing
        self.row, self.tile = 0, (0, 0)
        self.between_tiles = True
        self.sums: dict[int, int] = {}
        self.correction = 0

    def edge(self, cycle: Cycle) -> None:
        self.at += 1
        if cycle.reset:
            self.epoch += not self.was_reset
            self.reset()
        self.was_reset = cycle.reset
        if cycle.act is not None:
            if self.between_tiles:
                self.tile = cycle.act.bits_m1 + 1, cycle.act.rows_m1 + 1
            self.groups.append((cycle.act, *self.tile, self.between_tiles))
            self.between_tiles = bool(cycle.act.last)
        if cycle.wgt is not None:
            self.weights.append(cycle.wgt)
        while self.groups and self.weights:
            self.look_up(self.weights.pop(0))

    def look_up(self, planes: Planes) -> None:
        group, bits, rows, first = self.groups[0]
        table = [sum(a if index >> k & 1 else -a for k, a in enumerate(group.a)) for index in range(16)]
        found = sum(2**p * table[planes[p]] for p in range(bits))
        self.sums[self.row] = found if first else self.sums[self.row] + found
        if self.row == 0:
            self.correction = table[0] if first else self.correction + table[0]
        self.row = (self.row + 1) % rows
        if self.row == 0:
            self.groups.pop(0)
        if self.row == 0 and group.last:
            for row in range(rows):
                y, rest = divmod(self.sums[row] + self.correction, 2)
                assert not rest
                self.out.append((self.epoch, self.at, y, int(row == rows - 1)))

    def may_wait(self) -> set[str]:
        """Weights without a group wait, and groups while one is looked up, one is built and two are in the FIFO."""
        return {"act"} if len(self.groups) >= 4 else set() if self.groups else {"wgt"}


def naive(cycles: Sequence[Cycle]) -> Naive:
    reading = Naive()
    for cycle in cycles:
        reading.edge(cycle)
    return reading


def some_group(draw: random.Random, last: bool) -> Group:
    value = draw.choice([-128, -128, 127, 127, 0, 1, -1])
    corner = [draw.choice([-128, 127, value]) for _ in range(4)]
    a = draw.choice([[value] * 4, corner, [draw.randint(-128, 127) for _ in range(4)]])
    return Group(a, draw.randint(0, 3), draw.choice([0, 7, draw.randint(0, 7)]), int(last))


def some_planes(draw: random.Random, zero: bool) -> Planes:
    most = draw.choice([(0,), (0, 15), range(16), range(16)])
    return [0 if zero else draw.choice(most) for _ in range(4)]


def some_groups(draw: random.Random, tiles: int) -> list[Group]:
    """Tiles; the bits and rows of later beats are others than those of the first one most often."""
    groups = list[Group]()
    for _ in range(tiles):
        if draw.random() < 0.15:  # the ends of the range of y
            full = Group([draw.choice([-128, 127])] * 4, 3, draw.choice([0, 1, 7]), 0)
            groups += [full] * 7 + [full._replace(last=1)]
            continue
        count = draw.choice([1, 1, 2, 8, draw.randint(1, 8)])
        groups += [some_group(draw, place == count - 1) for place in range(count)]
    return groups


def some_cycles(draw: random.Random, length: int, resets: list[int], acts: float, wgts: float) -> list[Cycle]:
    """A schedule in which no weight comes before its group, and no more groups than the design has room for.

    Args:
        acts, wgts: how often a group and a weight come that may come; at 0 the stream fails.
    """
    reading, cycles, groups = Naive(), list[Cycle](), some_groups(draw, draw.randint(0, 12))
    zero = draw.random() < 0.1
    while len(cycles) < length:
        if len(cycles) in resets:
            cycles += [Cycle(reset=True)] * draw.choice([1, 3])
            reading.reset()
        waiting = len(reading.groups)
        act = groups.pop(0) if groups and waiting < 4 and draw.random() < acts else None
        wgt = some_planes(draw, zero) if waiting and draw.random() < wgts else None
        cycles.append(Cycle(act, wgt))
        reading.edge(cycles[-1])
    return cycles + [Cycle(reset=True)] * (length in resets)


LENGTH = st.sampled_from([300, 100, 30, 400, 200, 15, 400, 1])
RESETS = st.sampled_from([[], [100], [25], [50, 400], [8, 90], [300], [1, 3]])
HURRY = st.sampled_from([1.0, 0.9, 0.5, 0.1])
SCHEDULE = st.builds(
    some_cycles,
    st.integers(0, 1 << 30).map(random.Random),
    LENGTH,
    RESETS,
    HURRY,
    st.sampled_from([1.0, 0.9, 0.4, 0.0]),
)


@settings(max_examples=200)
@given(SCHEDULE)
def test_the_model_reads_the_specification_as_we_do(schedule: list[Cycle]) -> None:
    assert observed(schedule)[0] == naive(schedule).out


@settings(max_examples=100)
@given(SCHEDULE)
def test_the_model_lets_the_ports_wait_that_we_would(schedule: list[Cycle]) -> None:
    assert observed(schedule)[1] == naive(schedule).may_wait()


@settings(max_examples=100)
@given(SCHEDULE, st.integers(0, 20))
def test_values_do_not_depend_on_how_the_streams_interleave(schedule: list[Cycle], surplus: int) -> None:
    acts = [Cycle(act=cycle.act) for cycle in schedule if cycle.act]
    wgts = [Cycle(wgt=cycle.wgt) for cycle in schedule if cycle.wgt] + [Cycle(wgt=[0, 1, 3, 15])] * surplus
    expected = [(y, last) for _, _, y, last in naive([*acts, *wgts]).out]
    assert results([*acts, *wgts]) == results([*wgts, *acts]) == expected


def planes_of(weights: Sequence[int], bits: int, above: int) -> Planes:
    """The planes of four signed weights of `bits` bits; `above` stands in the planes that do not count."""
    stored = [weight + 2 ** (bits - 1) for weight in weights]
    return [sum((w >> p & 1) << k for k, w in enumerate(stored)) if p < bits else above for p in range(4)]


@settings(max_examples=100)
@given(st.integers(0, 1 << 30), st.integers(1, 5))
def test_a_tile_is_the_plain_matrix_product(seed: int, tiles: int) -> None:
    draw = np.random.default_rng(seed)
    schedule, expected = list[Cycle](), list[tuple[int, int]]()
    for _ in range(tiles):
        bits, rows, count = (int(draw.integers(1, most + 1)) for most in (4, 8, 8))
        a = draw.choice([draw.integers(-128, 128, 4 * count), draw.choice([-128, 127], 4 * count)])
        w = draw.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (rows, 4 * count))
        for g in range(count):
            of = slice(4 * g, 4 * g + 4)
            schedule.append(Cycle(act=Group(a[of].tolist(), bits - 1, rows - 1, int(g == count - 1))))
            schedule += [Cycle(wgt=planes_of(row[of].tolist(), bits, int(draw.integers(16)))) for row in w]
        expected += [(y, int(row == rows - 1)) for row, y in enumerate((w @ a).tolist())]
    assert results(schedule) == expected


def tile(groups: Sequence[Sequence[int]], bits: int, rows: int, weights: Sequence[Planes]) -> list[Cycle]:
    """One tile, all groups before all weights; the later groups name one bit more or less, and one row."""
    acts = [Group([*a], bits - 1, rows - 1, 0) for a in groups]
    acts[1:] = [group._replace(bits_m1=group.bits_m1 ^ 1, rows_m1=group.rows_m1 ^ 1) for group in acts[1:]]
    acts[-1] = acts[-1]._replace(last=1)
    return [*(Cycle(act=group) for group in acts), *(Cycle(wgt=[*planes]) for planes in weights)]


LOWEST, HIGHEST, NONE, ALL = [-128] * 4, [127] * 4, [0] * 4, [15] * 4
ONE, HUNDRED = [1, 0, 0, 0], [100, 0, 0, 0]


@pytest.mark.parametrize(
    ("groups", "bits", "rows", "weights", "expected"),
    [
        ([LOWEST] * 8, 4, 1, [NONE] * 8, [32768]),  # 32 * (-8) * (-128)
        ([HIGHEST] * 8, 4, 1, [NONE] * 8, [-32512]),  # 32 * (-8) * 127
        ([LOWEST] * 8, 4, 1, [ALL] * 8, [-28672]),  # 32 * 7 * (-128)
        ([LOWEST], 1, 2, [NONE, ALL], [512, 0]),
        ([[-128, -128, -128, 127]], 1, 2, [[8, 0, 0, 0], [7, 0, 0, 0]], [384, -127]),  # T[8] and T[7]
        ([[1, 2, 3, 5]], 1, 3, [NONE, [1, 15, 15, 15], [8, 9, 9, 9]], [-11, -10, -6]),  # an odd sum; planes from 1 on
        ([[10, 20, 30, 40]], 2, 1, [[0b0101, 0b0011, 15, 0]], [-100]),  # weights 3, 2, 1, 0 stand for 1, 0, -1, -2
        ([[10, 20, 30, 40]], 3, 1, [[0, 0, 15, 15]], [0]),  # each weight is 2^(b-1)
        ([[0, 0, 0, -3]], 4, 2, [[8, 8, 8, 8], [8, 0, 0, 0]], [-21, 21]),  # 7 and 1 - 8
        ([ONE, HUNDRED], 1, 3, [NONE, ALL, ALL, ALL, ALL, NONE], [-1, 0, -100]),  # all rows of group 0 come first
        ([[0] * 4] * 2, 4, 2, [ALL, NONE, NONE, ALL], [0, 0]),
    ],
)
def test_tiles_that_a_person_can_work_out(
    groups: list[list[int]], bits: int, rows: int, weights: list[Planes], expected: list[int]
) -> None:
    assert results(tile(groups, bits, rows, weights)) == [(y, int(r == rows - 1)) for r, y in enumerate(expected)]


def test_a_tile_without_its_last_weight_owes_nothing_and_a_surplus_weight_is_of_the_next_tile() -> None:
    first, second = tile([ONE], 1, 2, [ALL, NONE, ALL]), tile([HUNDRED], 2, 2, [NONE])
    assert results(first[:-2]) == []
    assert results(first) == [(0, 0), (-1, 1)]
    assert results([*first, *second]) == [(0, 0), (-1, 1), (100, 0), (-200, 1)]  # 3 - 2 and 0 - 2


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize(
    ("groups", "weights", "expected"),
    [(0, 0, "wgt"), (1, 0, ""), (1, 1, ""), (1, 2, "wgt"), (3, 0, ""), (4, 0, "act"), (4, 1, "act"), (4, 2, "")],
)
def test_a_port_may_wait_for_the_other_one_only(groups: int, weights: int, expected: str, last: int) -> None:
    """Groups of two rows; there is room for four: one active, one FULL, two in the FIFO."""
    schedule = [*[Cycle(act=Group(ONE, 0, 1, last))] * groups, *[Cycle(wgt=[15] * 4)] * weights]
    assert observed([*schedule, Cycle()])[1] == ({expected} if expected else set())
    assert observed([*schedule, Cycle(reset=True)])[1] == {"wgt"}


def test_a_reset_drops_a_partial_tile_and_a_partial_group() -> None:
    done = tile([HUNDRED], 2, 1, [NONE])
    partial = [*tile([LOWEST], 4, 5, [NONE] * 2), Cycle(act=Group(HIGHEST, 3, 7, 0)), *[Cycle(reset=True)] * 2]
    after = tile([ONE, HUNDRED], 1, 2, [NONE, ALL, ALL, NONE])
    found, _ = observed([*done, *partial, *after])
    assert found == [(0, 1, -200, 1), (1, 13, -1, 0), (1, 13, -100, 1)]


def test_the_first_group_after_a_reset_begins_a_tile_with_its_own_bits_and_rows() -> None:
    early = [Cycle(act=Group(LOWEST, 3, 7, 0)), Cycle(wgt=ALL), Cycle(reset=True)]
    schedule = [*early, Cycle(act=Group(ONE, 1, 1, 1)), Cycle(wgt=NONE), Cycle(reset=True), Cycle(wgt=ALL)]
    assert observed(schedule) == ([], {"wgt"})
    assert results([*schedule[:-2], Cycle(wgt=ALL)]) == [(-2, 0), (1, 1)]
