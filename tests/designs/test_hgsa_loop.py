"""The reference model of hgsa_loop against a second, naive reading of spec.md and against the loop as plain Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation, ReferenceModel

Owed = tuple[int, int, int]  # (epoch, cycle of the input that causes it, address or s)
Header = tuple[int, int]  # (n, t)


class Cycle(NamedTuple):
    """What is accepted at one rising edge; nothing is in a reset."""

    header: Header | None = None
    asked: int | None = None
    answer: int | None = None
    reset: bool = False


@cache
def model() -> ReferenceModel:
    return find_design("hgsa_loop").model


def observed(cycles: Sequence[Cycle]) -> Observation:
    headers, asked, answers = list[Event](), list[Event](), list[Event]()
    epochs, epoch = list[int](), 0
    for at, cycle in enumerate(cycles):
        epoch += cycle.reset and not (at and cycles[at - 1].reset)
        epochs.append(epoch)
        if cycle.header is not None:
            headers.append((at, epoch, {"n": cycle.header[0], "t": cycle.header[1]}))
        if cycle.asked is not None:
            asked.append((at, epoch, {"addr": cycle.asked}))
        if cycle.answer is not None:
            answers.append((at, epoch, {"data": cycle.answer}))
    ports = {
        "in": transfers(headers, {"n": 1, "t": 1}),
        "ld.request": transfers(asked, {"addr": 1}),
        "ld.response": transfers(answers, {"data": 1}),
    }
    return model().observe(trace(len(cycles), epochs, **ports))


def owed(found: Observation, port: str, field: str) -> list[Owed]:
    expected = found.expected[port]
    columns = (expected.epoch, expected.cause_cycle, expected.columns[field])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def requests(cycles: Sequence[Cycle]) -> list[Owed]:
    return owed(observed(cycles), "ld.request", "addr")


def results(cycles: Sequence[Cycle]) -> list[Owed]:
    return owed(observed(cycles), "out", "s")


class Running:
    """An invocation on its way."""

    def __init__(self, n: int, t: int) -> None:
        self.n, self.t, self.i, self.s = n, t, 0, 0


class Naive:
    """spec.md sections 3 and 5, edge by edge."""

    def __init__(self) -> None:
        self.out, self.requests = list[Owed](), list[Owed]()
        self.at, self.epoch, self.was_reset = -1, 0, False
        self.reset()

    def reset(self) -> None:
        self.running: list[Running] = []
        self.to_ask: list[int] = []
        self.open = 0  # requests without an answer

    def edge(self, cycle: Cycle) -> None:
        self.at += 1
        if cycle.reset:
            self.epoch += not self.was_reset
            self.reset()
        self.was_reset = cycle.reset
        if cycle.answer is not None:
            self.open -= 1
            self.add(cycle.answer)
        if cycle.asked is not None:
            assert cycle.asked == self.to_ask.pop(0)
            self.open += 1
        if cycle.header is not None:
            self.running.append(Running(*cycle.header))
            self.to_ask += range(cycle.header[0])
            self.requests += [(self.epoch, self.at, i) for i in range(cycle.header[0])]
        while self.running and self.running[0].i == self.running[0].n:
            self.out.append((self.epoch, self.at, self.running.pop(0).s))

    def add(self, x: int) -> None:
        one = next(one for one in self.running if one.i < one.n)
        one.s += x * x if x > one.t else -x
        one.i += 1


def naive(cycles: Sequence[Cycle]) -> Naive:
    reading = Naive()
    for cycle in cycles:
        reading.edge(cycle)
    return reading


def some_schedule(
    draw: random.Random, length: int, resets: list[int], rates: tuple[float, float, float]
) -> list[Cycle]:
    """Any order of invocations, requests and answers that a design may show; most often x is near t, or at an end.

    Args:
        rates: how often an invocation, a request and an answer come that may come.
    """
    reading, cycles = Naive(), list[Cycle]()
    t = 0
    while len(cycles) < length:
        if len(cycles) in resets:
            for _ in range(draw.choice([1, 3])):
                cycles.append(Cycle(reset=True))
                reading.edge(cycles[-1])
        header = asked = answer = None
        if draw.random() < rates[0]:
            t = draw.choice([-128, 127, 0, draw.randint(-128, 127)])
            header = (draw.choice([0, 0, 1, 2, 15, draw.randint(0, 15)]), t)
        if reading.to_ask and draw.random() < rates[1]:
            asked = reading.to_ask[0]
        if reading.open and draw.random() < rates[2]:
            near = min(max(t + draw.randint(-1, 1), -128), 127)
            answer = draw.choice([-128, 127, near, draw.randint(-128, 127)])
        cycles.append(Cycle(header, asked, answer))
        reading.edge(cycles[-1])
    return cycles


RATE = st.sampled_from([1.0, 0.7, 0.3, 0.05])
SCHEDULE = st.builds(
    some_schedule,
    st.integers(0, 1 << 30).map(random.Random),
    st.sampled_from([150, 60, 20, 300, 1]),
    st.sampled_from([[], [], [60], [10, 11], [30, 149], [5, 20, 100]]),
    st.tuples(st.sampled_from([0.3, 0.1, 1.0, 0.02]), RATE, RATE),
)


@settings(max_examples=200)
@given(SCHEDULE)
def test_the_model_reads_the_specification_as_we_do(schedule: list[Cycle]) -> None:
    reading = naive(schedule)
    assert results(schedule) == reading.out
    assert requests(schedule) == reading.requests


def plain(n: int, t: int, array: Sequence[int]) -> int:
    """The kernel."""
    s = 0
    for x in array[:n]:
        if x > t:
            s += x * x
        else:
            s -= x
    return s


def played(headers: Sequence[Header], array: Sequence[int], latency: int) -> list[Cycle]:
    """All invocations first, then their requests, each answer `latency` cycles behind."""
    asked = [i for n, _ in headers for i in range(n)]
    cycles = [Cycle(header=header) for header in headers]
    for at in range(len(asked) + latency if asked else 0):
        done = at - latency
        cycles.append(
            Cycle(
                asked=asked[at] if at < len(asked) else None,
                answer=array[asked[done]] if 0 <= done < len(asked) else None,
            )
        )
    return cycles


VALUE = st.one_of(st.integers(-128, 127), st.sampled_from([-128, -127, -1, 0, 1, 126, 127]))
HEADERS = st.lists(st.tuples(st.integers(0, 15), VALUE), max_size=12)
ARRAY = st.lists(VALUE, min_size=16, max_size=16)


@settings(max_examples=150)
@given(HEADERS, ARRAY, st.integers(1, 20))
def test_results_are_those_of_the_loop_in_plain_python_whatever_the_latency(
    headers: list[Header], array: list[int], latency: int
) -> None:
    assert [s for _, _, s in results(played(headers, array, latency))] == [plain(n, t, array) for n, t in headers]


@pytest.mark.parametrize(
    ("n", "t", "array", "expected"),
    [
        (15, -128, [127] * 16, 241935),
        (15, -128, [-127, 127] * 8, 241935),
        (15, 127, [127] * 16, -1905),
        (15, -128, [-128] * 16, 1920),  # -128 is above no threshold
        (0, 5, [100] * 16, 0),
        (3, 5, [5, 6, 4], 27),  # equality subtracts: -5 + 36 - 4
        (5, 1, [2, 1, 1, 1, 1], 0),
        (2, -3, [-2, -3], 7),
    ],
)
def test_invocations_that_a_person_can_work_out(n: int, t: int, array: list[int], expected: int) -> None:
    assert [s for _, _, s in results(played([(n, t)], array, 3))] == [expected]


def test_a_result_waits_for_its_last_answer_and_for_the_invocations_before_it() -> None:
    schedule = [Cycle((2, 0)), Cycle((0, 9)), Cycle(asked=0), Cycle(asked=1, answer=7), Cycle((0, 1)), Cycle()]
    assert results(schedule) == []
    assert results([*schedule, Cycle(answer=-4)]) == [(0, 6, 53), (0, 6, 0), (0, 6, 0)]


def test_a_reset_drops_what_is_on_its_way_and_the_next_answer_is_of_the_next_invocation() -> None:
    before = [Cycle((3, 0)), Cycle((1, 0)), Cycle(asked=0), Cycle(answer=9, asked=1), Cycle(reset=True)]
    after = [Cycle((1, 5)), Cycle(asked=0), Cycle(answer=5)]
    found = [*before, Cycle(reset=True), *after]
    assert results(found) == [(1, 8, -5)]
    assert requests(found) == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 6, 0)]


def test_the_tables_tell_path_latency_and_what_the_neighbours_threshold_would_decide() -> None:
    headers: list[Header] = [(4, 0), (1, 50)]
    found = observed(played(headers, [10, -3, 60, 0], 3)).tables
    rows, whole = found["iteration"].columns, found["invocation"].columns
    assert rows["path"].tolist() == [0, 0, 13, 10, 0]
    assert rows["latency"].tolist() == [2] * 5
    assert rows["open"].tolist() == [3, 3, 2, 1, 0]
    assert rows["above_next"].tolist() == [0, 0, 1, 0, -1]
    assert rows["above_before"].tolist() == [-1, -1, -1, -1, 1]
    assert whole["squares"].tolist() == [2, 0]
    assert whole["prev_n"].tolist() == [-1, 4]
    assert (whole["last_latency"].tolist(), whole["other_latency"].tolist()) == ([2, 2], [2, -1])
    assert whole["cut"].tolist() == [-1, -1]


def test_the_first_invocation_after_a_reset_tells_how_many_answers_the_reset_cut() -> None:
    schedule = [Cycle((3, 0)), Cycle(asked=0), Cycle(answer=1), Cycle(reset=True), Cycle((0, 0)), Cycle((0, 0))]
    assert observed(schedule).tables["invocation"].columns["cut"].tolist() == [2, -1]
