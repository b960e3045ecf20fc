"""Designs that ask a memory, which is the testbench, on the real simulator: three ways to answer."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from bus_designs import NOTHING, axi_mover, copier, faulty, schema

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import TrackSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Run

WORDS = 32
STALLED = Test(
    tracks={
        "in": ({"beat": {"place": 0}}, {"at": 90}, {"beat": {"place": 1}}),
        "bus": ({"stall": {"at": 40}}, {"serve": 1}, {"stall": {"after": {"port": "in", "accepted": 2}}}),
    }
)


def played(one: Design, tests: Sequence[Test]) -> list[Run]:
    rules = schema(one, bus=TrackSchema(memory_words=WORDS))
    with find_simulator("icarus").open(one) as session:
        return [session.run(expand(one, rules, test)) for test in tests]


def random_tests(count: int) -> list[Test]:
    source, tests = random.Random(4), []
    for seed in range(count):
        asked = {"count": source.randint(1, 12), "gap": [0, 3], "place": [0, 15]}
        served = {"count": 40, "latency": source.choice([0, [0, 6]]), "stall": source.choice([0, [0, 4]])}
        tracks: dict[str, tuple[Step, ...]] = {"in": ({"random": asked},), "bus": ({"random": served},)}
        if source.random() < 0.2:
            tracks["reset"] = ({"random": {"count": [1, 2], "wait": [2, 60], "width": [1, 3]}},)
        tests.append(Test(seed=seed, tracks=tracks))
    return tests


def model(trace: Trace) -> Observation:
    """Each word that was read is written to the next place, one higher, and handed out."""
    reads = trace.accepted["bus.reads"]
    word = (reads.columns["data"] + 1) & 0xFFFFFFFF
    strb = word * 0 + 15
    writes = {"addr": reads.columns["addr"] + 4, "data": word, "strb": strb}
    return Observation(
        {
            "bus.writes": Expected(reads.epoch, writes, reads.cycle),
            "out": Expected(reads.epoch, {"word": word}, reads.cycle),
        },
        {},
    )


def failures(one: Design, tests: Sequence[Test]) -> list[CheckFailure]:
    return [failure for run in played(one, tests) for failure in check(one, run.trace, model(run.trace))]


@pytest.mark.parametrize("mode", range(3))
def test_a_good_design_gives_no_false_alarm(mode: int) -> None:
    one = copier(mode)
    runs = played(one, random_tests(60))
    assert [failure for run in runs for failure in check(one, run.trace, model(run.trace))] == []
    assert {run.trace.end for run in runs} == {End.DRAINED}
    assert sum(len(run.trace.accepted["bus.writes"]) for run in runs) > 100


@pytest.mark.parametrize("mode", range(3))
@pytest.mark.parametrize(("fault", "name"), [(1, "lost"), (4, "value")])
def test_a_lost_write_is_found_with_a_model(mode: int, fault: int, name: str) -> None:
    found = failures(faulty(copier(mode), fault), random_tests(5))
    assert ("bus.writes", name) in {(failure.port, failure.check) for failure in found}


@pytest.mark.parametrize("mode", [0, 2])
@pytest.mark.parametrize(("fault", "field"), [(2, "addr"), (3, "mem_valid")])
def test_a_request_must_stay_until_it_is_taken(mode: int, fault: int, field: str) -> None:
    one = faulty(copier(mode), fault)
    found = [failure for run in played(one, random_tests(10)) for failure in check(one, run.trace, NOTHING)]
    assert {(failure.check, failure.port, failure.field) for failure in found} == {("stable", "bus.request", field)}


@pytest.mark.parametrize("mode", range(3))
def test_what_was_written_is_read_later(mode: int) -> None:
    steps: tuple[Step, ...] = ({"beat": {"place": 0}}, {"beat": {"place": 1}}, {"beat": {"place": 2}})
    (run,) = played(copier(mode), [Test(tracks={"in": steps}, memory={"bus": [100, 0, 0, 0]})])
    assert run.trace.accepted["out"].columns["word"].tolist() == [101, 102, 103]
    assert run.trace.accepted["bus.reads"].columns["data"].tolist() == [100, 101, 102]


def test_stalls_and_latencies_are_those_of_the_steps() -> None:
    serve = {"serve": 1, "stall": 3, "latency": 2}
    tests = [Test(tracks={"in": ({"beat": {"place": 0}},), "bus": (step,)}) for step in (serve, {"serve": 1})]
    (slow, fast) = played(copier(2), tests)
    valid, ready = (slow.trace.signals[name].tolist() for name in ("mem_valid", "mem_ready"))
    asked = valid.index(1)
    assert [valid[asked:][:4], ready[asked:][:4]] == [[1, 1, 1, 1], [0, 0, 0, 1]]
    assert slow.trace.signals["mem_rvalid"].tolist().index(1) == asked + 3 + 1 + 2
    assert fast.trace.signals["mem_rvalid"].tolist().index(1) == fast.trace.signals["mem_valid"].tolist().index(1) + 1
    (slow, fast) = played(copier(0), [tests[0], tests[1]])
    waited = [run.trace.signals["mem_ready"].tolist().index(1) - run.trace.signals["mem_valid"].tolist().index(1)
              for run in (slow, fast)]  # fmt: skip
    assert waited == [1 + 3 + 2, 1]


@pytest.mark.parametrize(
    ("one", "ready"), [(copier(0), "mem_ready"), (copier(2), "mem_ready"), (axi_mover(4), "arready")]
)
def test_a_memory_that_stalls_until_a_cycle_takes_what_waits_in_that_very_cycle(one: Design, ready: str) -> None:
    (run,) = played(one, [STALLED])
    assert run.trace.signals[ready].tolist().index(1) == 40
    assert run.trace.end == End.DRAINED


def moved(trace: Trace) -> Observation:
    """Each word that was read is written one higher, behind the words that were read."""
    reads = trace.accepted["bus.reads"]
    step = 4 * (int(trace.signals["arlen"][0]) + 1 if "arlen" in trace.signals else 1)
    word = (reads.columns["data"] + 1) & 0xFFFFFFFF
    writes = {"addr": reads.columns["addr"] + step, "data": word, "strb": word * 0 + 15}
    return Observation({"bus.writes": Expected(reads.epoch, writes, reads.cycle)}, {})


@pytest.mark.parametrize("beats", [1, 4])
def test_a_good_manager_gives_no_false_alarm(beats: int) -> None:
    one = axi_mover(beats)
    runs = played(one, random_tests(60))
    assert [failure for run in runs for failure in check(one, run.trace, moved(run.trace))] == []
    assert {run.trace.end for run in runs} == {End.DRAINED}
    assert sum(len(run.trace.accepted["bus.writes"]) for run in runs) > 100 * beats


@pytest.mark.parametrize(
    ("beats", "fault", "name"), [(1, 1, "value"), (4, 1, "value"), (4, 2, "beats"), (4, 3, "stable")]
)
def test_a_faulty_manager_is_found(beats: int, fault: int, name: str) -> None:
    one = faulty(axi_mover(beats), fault)
    found = {
        failure.check for run in played(one, random_tests(10)) for failure in check(one, run.trace, moved(run.trace))
    }
    assert name in found


def test_a_burst_is_read_from_the_words_of_the_test_and_written_to_them() -> None:
    steps: tuple[Step, ...] = ({"beat": {"place": 0}}, {"beat": {"place": 1}})
    test = Test(tracks={"in": steps, "bus": ({"serve": 2, "latency": 5},)}, memory={"bus": [7, 8, 9, 10, *[0] * 28]})
    (run,) = played(axi_mover(4), [test])
    accepted = run.trace.accepted
    assert accepted["bus.reads"].columns["data"].tolist()[:4] == [7, 8, 9, 10]
    assert accepted["bus.writes"].columns["data"].tolist()[:4] == [8, 9, 10, 11]
    assert accepted["bus.writes"].columns["addr"].tolist()[:4] == [16, 20, 24, 28]
    assert int(accepted["bus.r"].cycle[0] - accepted["bus.ar"].cycle[0]) == 1 + 5
    assert accepted["bus.r"].columns["id"].tolist() == [2] * 8
    assert accepted["bus.b"].columns["id"].tolist() == [1, 1]
