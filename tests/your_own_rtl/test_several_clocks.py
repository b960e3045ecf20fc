"""Designs with several clocks: a FIFO between two of them, and what traces, drivers, checks and resets make of that."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prerequisites import need
from small_rtl import own_design, played, sends, stream, values

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import load_schema
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.wiring.clocking import Clock
from dv_agent.prompts.dut.language_words import language_words
from dv_agent.prompts.dut.tracks import track_texts
from dv_agent.runners.build.wrappers.clock_lines import first_edges, steps
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.equivalence import compare, run_differences
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.recording.pin_replay import PinReplaySession, recording_of
from dv_agent.runners.reference.session import ReferenceSession
from dv_agent.runners.simulator import Run
from dv_agent.runners.verilator import VerilatorSimulator

# Four places, pointers in Gray code through two registers. FULL is what the writer takes for a full FIFO.
FIFO = """\
module own(input wclk, input rclk, input wrst_n, input rrst,
           input in_valid, output in_ready, input [7:0] in_data,
           output out_valid, input out_ready, output [7:0] out_data, output full, output empty);
  reg [7:0] words [0:3];
  reg [2:0] wbin, rbin, wgray, rgray, w1, w2, r1, r2;
  wire [2:0] wnext = wbin + 1, rnext = rbin + 1;
  assign full = wgray == FULL, empty = rgray == w2;
  assign in_ready = !full, out_valid = !empty, out_data = words[rbin[1:0]];
  always @(posedge wclk or negedge wrst_n)
    if (!wrst_n) begin wbin <= 0; wgray <= 0; r1 <= 0; r2 <= 0; end
    else begin
      {r2, r1} <= {r1, rgray};
      if (in_valid && in_ready) begin
        words[wbin[1:0]] <= in_data; wbin <= wnext; wgray <= wnext ^ (wnext >> 1);
      end
    end
  always @(posedge rclk)
    if (rrst) begin rbin <= 0; rgray <= 0; w1 <= 0; w2 <= 0; end
    else begin
      {w2, w1} <= {w1, wgray};
      if (out_valid && out_ready) begin rbin <= rnext; rgray <= rnext ^ (rnext >> 1); end
    end
endmodule
"""
GOOD, BROKEN = FIFO.replace("FULL", "{~r2[2:1], r2[0]}"), FIFO.replace("FULL", "{~r2[2], r2[1:0]}")
SCHEMA = """\
schema_version: 1
tracks:
  in: {profiles: {default: {count: 30, gap: {weights: [[0, 3], [[0, 9], 1]]}}}}
  out: {profiles: {default: {count: 12, ready: [1, 9], stall: {weights: [[0, 1], [[0, 20], 1]]}}}}
  reset: {profiles: {default: {wait: [20, 60]}}, use: {none: 3, default: 1}}
"""


def fifo(folder: Path, verilog: str = GOOD, wr: int = 10, rd: int = 14, **keys: Any) -> Design:
    flags = {name: {"signal": name, "width": 1} for name in ("full", "empty")}
    ports = {
        "in": stream("source", "in", clock="wr"), "out": stream("sink", "out", clock="rd"),
        "flags": {"kind": "observe", "fields": flags},
    }  # fmt: skip
    clocks = {"wr": {"signal": "wclk", "period_ns": wr}, "rd": {"signal": "rclk", "period_ns": rd}}
    more: dict[str, Any] = {
        "clocks": clocks, "reset": {"signal": "wrst_n", "active": "low", "cycles": 2},
        "more_resets": [{"signal": "rrst"}], "limits": {"quiet_cycles": 40, "max_cycles": 3000, "max_items": 500},
    }  # fmt: skip
    return own_design(folder, verilog, ports, **(more | keys))


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> IcarusSimulator:
    return IcarusSimulator(tmp_path_factory.mktemp("cache"), hang_seconds=2.0)


def programs(design: Design, count: int) -> Iterator[Program]:
    schema = load_schema(Document(Path("stimulus.yaml"), SCHEMA), design)
    source = random.Random(5)
    return (expand(design, schema, random_test(design, schema, source)) for _ in range(count))


PRESSED = {"in": sends(*range(20)), "out": (Op("stall", 15), Op("ready", 3), Op("stall", 4))}


@pytest.mark.parametrize(("wr", "rd"), [(10, 14), (10, 10), (3, 2), (3, 50)])
def test_a_stream_moves_only_at_the_edges_of_its_own_clock(
    tmp_path: Path, simulator: IcarusSimulator, wr: int, rd: int
) -> None:
    design = fifo(tmp_path, wr=wr, rd=rd)
    run = played(design, PRESSED, simulator)
    assert values(run, "out") == values(run, "in") == [*range(20)]
    assert run.trace.end == "drained"
    edges = run.trace.edges
    assert (edges["wr"] | edges["rd"]).all()
    for port, clock in (("in", "wr"), ("out", "rd")):
        assert edges[clock][run.trace.accepted[port].cycle].all()
    expected = [*islice(steps([*design.clocks.values()]), run.trace.cycles + 50)]
    seen = [*zip(edges["wr"].tolist(), edges["rd"].tolist(), strict=True)]
    assert seen == next(rest for at in range(50) if (rest := expected[at : at + len(seen)]) == seen)
    assert check(design, run.trace, Observation({}, {})) == ()


@given(st.lists(st.builds(Clock, period_ns=st.integers(2, 40), phase_ns=st.integers(0, 60)), min_size=2, max_size=4))
def test_the_steps_are_the_instants_at_which_a_clock_rises(clocks: list[Clock]) -> None:
    count = 60
    times = [{first + clock.period_ns * n for n in range(2000)}
             for clock, first in zip(clocks, first_edges(clocks), strict=True)]  # fmt: skip
    instants = sorted(set().union(*times))[:count]
    assert [*islice(steps(clocks), count)] == [tuple(now in one for one in times) for now in instants]


def test_a_track_counts_cycles_of_the_clock_of_its_port(tmp_path: Path, simulator: IcarusSimulator) -> None:
    run = played(fifo(tmp_path, wr=10, rd=35), {"in": sends(1, 2, gap=3), "out": (Op("stall", 4),)}, simulator)
    ready, rising = run.trace.signals["out_ready"], run.trace.edges["rd"]
    assert ready[rising].tolist()[:6] == [0, 0, 0, 0, 1, 1]
    sent = np.flatnonzero(run.trace.signals["in_valid"][run.trace.edges["wr"]]).tolist()
    assert sent == [3, 7]
    # A signal that is driven changes after an edge of its own clock only.
    for signal, clock in (("out_ready", "rd"), ("in_valid", "wr"), ("in_data", "wr")):
        values_of = run.trace.signals[signal]
        changes = np.flatnonzero(values_of[1:] != values_of[:-1])
        assert run.trace.edges[clock][changes].all()


def test_the_tables_count_in_the_clock_of_each_stream(tmp_path: Path, simulator: IcarusSimulator) -> None:
    design = fifo(tmp_path, wr=10, rd=30)
    run = played(design, {"in": sends(1, 2, gap=3), "out": (Op("stall", 6),)}, simulator)
    tables = cycle_tables(design, run.trace)
    assert tables["transfer_in"].columns["gap"].tolist() == [3, 3]
    assert tables["transfer_out"].columns["back_to_back"].tolist() == [0, 1]
    cycle = tables["cycle"].columns
    assert cycle["wr_edge"].tolist() == run.trace.edges["wr"].tolist()
    assert cycle["out_transfer"].sum() == len(values(run, "out")) == 2
    waited = int(tables["transfer_out"].columns["stall"][0])
    level = run.trace.signals["out_valid"] & (1 - run.trace.signals["out_ready"])
    assert waited == int(level[run.trace.edges["rd"]].sum()) >= 2
    assert cycle["out_stall"].max() == waited


@pytest.mark.parametrize(("cycles", "period"), [(1, 90), (3, 9), (2, 4)])
def test_a_reset_lasts_until_every_clock_has_had_its_edges(
    tmp_path: Path, simulator: IcarusSimulator, cycles: int, period: int
) -> None:
    reset = {"signal": "wrst_n", "active": "low", "cycles": cycles, "asynchronous": True}
    design = fifo(tmp_path, wr=4, rd=period, reset=reset)
    run = played(design, {"in": sends(1), "reset": (Op("idle", 30), Op("pulse", 1))}, simulator)
    pulse = np.flatnonzero(run.trace.in_reset)
    assert pulse.tolist() == [*range(pulse[0], pulse[-1] + 1)]
    edges = [int(run.trace.edges[clock][pulse].sum()) for clock in ("wr", "rd")]
    assert min(edges) == cycles


def test_beats_that_wait_are_held_between_edges_and_no_rule_is_broken(
    tmp_path: Path, simulator: IcarusSimulator
) -> None:
    design = fifo(tmp_path)
    with simulator.open(design) as session:
        for program in programs(design, 15):
            run = session.run(program)
            assert run.trace.end == "drained"
            assert check(design, run.trace, Observation({}, {})) == ()


def test_a_valid_that_falls_in_its_own_clock_is_found(tmp_path: Path, simulator: IcarusSimulator) -> None:
    flips = "  reg off = 0;\n  always @(posedge rclk) off <= !off;\n"
    flicker = GOOD.replace("out_valid = !empty", "out_valid = !empty && !off").replace(
        "  reg [7:0]", f"{flips}  reg [7:0]"
    )
    design = fifo(tmp_path, flicker)
    found = check(design, played(design, PRESSED, simulator).trace, Observation({}, {}))
    assert {(one.check, one.port) for one in found} == {("stable", "out")}
    assert all(played(design, PRESSED, simulator).trace.edges["rd"][one.cycle] for one in found)


def test_random_tests_fill_and_empty_the_fifo_and_what_comes_out_went_in(
    tmp_path: Path, simulator: IcarusSimulator
) -> None:
    design = fifo(tmp_path)
    seen = {"full": set[int](), "empty": set[int]()}
    with simulator.open(design) as session:
        for program in programs(design, 12):
            trace = session.run(program).trace
            for flag, found in seen.items():
                found.update(trace.signals[flag].tolist())
            for epoch in set(trace.epoch.tolist()):
                given_, got = (trace.accepted[port] for port in ("in", "out"))
                sent = given_.columns["x"][given_.epoch == epoch].tolist()
                taken = got.columns["x"][got.epoch == epoch].tolist()
                assert taken == sent[: len(taken)]
    assert seen == {"full": {0, 1}, "empty": {0, 1}}


def test_random_tests_close_its_automatic_plan(tmp_path: Path, simulator: IcarusSimulator) -> None:
    folder = DesignFolder(fifo(tmp_path))
    plan, source = plan_of(folder), random.Random(1)
    hit = np.zeros(len(plan.bins), np.bool_)
    with simulator.open(folder.design) as session:
        bench = Testbench(folder, plan, session)
        for _ in range(200):
            result = bench.run(random_test(folder.design, folder.schema, source))
            assert result.failures == ()
            hit |= result.sample.hits > 0
            if hit.all():
                break
    assert [one.id for one, seen in zip(plan.bins, hit, strict=True) if not seen] == []


def test_a_broken_crossing_is_found_by_comparing_it_with_the_good_one(
    tmp_path: Path, simulator: IcarusSimulator
) -> None:
    good, broken = fifo(tmp_path / "good"), fifo(tmp_path / "broken", BROKEN)
    differing = 0
    with simulator.open(good) as one, simulator.open(broken) as two:
        for program in programs(good, 6):
            left, right = one.run(program), two.run(program)
            differing += any("out" in found.what for found in run_differences(0, left, right))
            assert values(left, "out") == values(one.run(program), "out")
    assert differing >= 3


def test_recorded_pins_replay_on_the_same_design_and_differ_on_a_broken_one(
    tmp_path: Path, simulator: IcarusSimulator
) -> None:
    good, broken = fifo(tmp_path / "good"), fifo(tmp_path / "broken", BROKEN)
    run = played(good, PRESSED, simulator)
    recording = recording_of(good, run.rows, run.trace.end)
    assert recording
    for design, same in ((good, True), (broken, False)):
        with PinReplaySession(design, tmp_path / "cache") as session:
            assert session.same(recording) == same


def test_both_simulators_agree_on_every_edge(tmp_path: Path, simulator: IcarusSimulator) -> None:
    need("verilator")
    design = fifo(tmp_path, wr=10, rd=15)
    found = compare(design, programs(design, 4), simulator, VerilatorSimulator())
    assert found.differences == ()
    assert found.cycles > 300


def test_waveforms_and_prompts_tell_the_clocks(tmp_path: Path, simulator: IcarusSimulator) -> None:
    design = fifo(tmp_path)
    run = played(design, PRESSED, simulator)
    excerpt = make_excerpt(design, run.trace, CheckFailure(check="value", port="out", cycle=9, message="here"))
    assert excerpt
    rows = {one.name: one.values for one in excerpt.signals if not one.port}
    assert rows["wr rises"] == tuple(run.trace.edges["wr"][: excerpt.cycles].astype(int).tolist())
    schema = load_schema(Document(Path("stimulus.yaml"), SCHEMA), design)
    clocks = [", clock wr of 10 ns", ", clock rd of 14 ns", ", clock wr of 10 ns"]
    assert [one.clock for one in track_texts(design, schema)] == clocks
    assert "cycles of its own clock" in language_words(design, schema).words[-1]
    assert "until every clock has risen 2 times" in language_words(design, schema).words[-1]


def test_the_fake_moves_streams_at_the_edges_of_their_clocks(tmp_path: Path) -> None:
    class Nothing:
        def observe(self, trace: Any) -> Observation:
            return Observation({}, {})

    run: Run = ReferenceSession(fifo(tmp_path), Nothing()).run(Program({"in": sends(1, 2, 3)}, 200))
    assert values(run, "in") == [1, 2, 3]
    assert run.trace.edges["wr"][run.trace.accepted["in"].cycle].all()
