"""Kills found by comparing traces first are those of the plain way, and a comparison notices every difference."""

import random

import pytest
from evaluations import Bench
from prerequisites import need

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.trace import End
from dv_agent.eval.execution.seeded_bugs.bug_hunt import Hunter
from dv_agent.eval.execution.seeded_bugs.screening import ScreenedCopy
from dv_agent.eval.soundness.kills import Kill, hunt
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.recording.pin_replay import PinReplaySession, pack_rows
from dv_agent.runners.recording.simulator import RecordingSimulator, RecordingStore
from dv_agent.runners.registry import find_simulator

ICARUS = find_simulator("icarus")


def clean_records(folder: DesignFolder, tests: list[Test], store: RecordingStore) -> list[TestRecord]:
    plan = plan_of(folder)
    with RecordingSimulator(ICARUS, store).open(folder.design) as session:
        done = [Testbench(folder, plan, session).run(test) for test in tests]
    return [
        TestRecord(test=one.test, index=i, cycles=one.trace.cycles, end=one.trace.end) for i, one in enumerate(done)
    ]


def random_tests(folder: DesignFolder, count: int) -> list[Test]:
    source = random.Random(3)
    return [random_test(folder.design, folder.schema, source) for _ in range(count)]


@pytest.mark.parametrize(
    ("name", "count", "kept", "screened"),
    [
        ("tally", 20, True, False),
        ("tally", 20, False, False),
        ("mxint_gelu", 3, True, False),
        ("tally", 20, True, True),
    ],
)
def test_the_kills_are_those_of_the_plain_hunt(bench: Bench, name: str, count: int, kept: bool, screened: bool) -> None:
    if screened:
        need("verilator")
    folder = find_design(name)
    tests, store = random_tests(folder, count), RecordingStore()
    records = clean_records(folder, tests, store)
    bound = sum(record.cycles for record in records) - 1
    with Hunter(folder, ICARUS, screen_from=0 if screened else 1_000_000) as hunter:
        sheet = hunter.hunt(records, store if kept else RecordingStore(), bound)
    plan = plan_of(folder)
    for bug, outcome in zip(load_bugs(folder), sheet.outcomes, strict=True):
        plain = hunt(folder, plan, bug, tests, ICARUS, bound)
        found = (outcome.bug, outcome.killed, outcome.cycles)
        assert found == (plain.bug, isinstance(plain, Kill), plain.cycles)
        if isinstance(plain, Kill):
            assert (outcome.check, outcome.test) == (plain.failure.check, plain.tests - 1)
    assert {True, False} == {outcome.killed for outcome in sheet.outcomes}


def test_a_screening_that_the_simulator_of_the_verdict_contradicts_is_not_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("verilator")
    folder = find_design("tally")
    tests, store = random_tests(folder, 6), RecordingStore()
    records = clean_records(folder, tests, store)
    with Hunter(folder, ICARUS, screen_from=1_000_000) as hunter:
        plain = hunter.hunt(records, store)
    assert {outcome.test for outcome in plain.outcomes if outcome.killed} & {0, 1}
    monkeypatch.setattr(ScreenedCopy, "same", lambda self, place: self.usable)
    with Hunter(folder, ICARUS, screen_from=0) as hunter:
        found = hunter.hunt(records, store)
    for one, other in zip(plain.outcomes, found.outcomes, strict=True):
        assert one == other or one.test is None or one.test > 1


def test_a_replay_notices_one_changed_bit_and_one_unknown_bit_in_any_output_of_any_cycle(bench: Bench) -> None:
    folder = find_design("tally")
    with ICARUS.open(folder.design) as session:
        run = session.run(expand(folder.design, folder.schema, random_tests(folder, 1)[0]))
    layout = layout_of(folder.design)
    width, source = layout.sample_width, random.Random(5)
    outputs = [place + bit for name in ("in_ready", "out_y", "out_valid") for place, bits in [layout.sample[name]]
               for bit in range(bits)]  # fmt: skip
    whole = pack_rows(run.rows, width, run.trace.end)
    assert whole
    assert b"X" in run.rows
    assert whole.masked > 0
    with PinReplaySession(folder.design) as replay:
        assert replay.same(whole)
        for _ in range(40):
            rows = bytearray(run.rows)
            place = source.randrange(run.trace.cycles) * width + source.choice(outputs)
            rows[place] = source.choice([one for one in b"01X" if one != rows[place]])
            changed = pack_rows(bytes(rows), width, run.trace.end)
            assert changed
            assert not replay.same(changed)
        assert replay.same(whole)


def test_what_floats_is_not_compared() -> None:
    assert pack_rows(b"01Z0", 2, End.DRAINED) is None
    assert pack_rows(b"", 2, End.DRAINED) is None
