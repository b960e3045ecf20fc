"""What the drivers do to a real design, port kind by port kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from runner_fixtures import (
    AdderModel,
    LowResetModel,
    Opener,
    PipeModel,
    WalkerModel,
    adder,
    beats,
    bits,
    lowreset,
    make_design,
    pipe,
    program,
    stream,
    walker,
)  # fmt: skip

from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.program import Op, Program, pack
from dv_agent.designs.trace import End
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.icarus import IcarusSimulator


def test_gaps_are_idle_cycles_before_a_beat(open_session: Opener) -> None:
    trace = open_session(pipe()).run(program(in_=(*beats(1, 2), *beats(3, gap=4)))).trace
    assert trace.accepted["in"].cycle.tolist() == [0, 1, 6]
    assert trace.signals["in_valid"][:8].tolist() == [1, 1, 0, 0, 0, 0, 1, 0]
    assert trace.end == End.DRAINED


def test_a_stalled_sink_fills_the_pipe_and_a_source_holds_its_beat(open_session: Opener) -> None:
    trace = open_session(pipe()).run(program(in_=beats(1, 2, 3), out=(Op("stall", 10),))).trace
    assert trace.accepted["in"].cycle.tolist() == [0, 1, 11]
    assert trace.signals["in_data"][2:12].tolist() == [3] * 10
    assert trace.accepted["out"].cycle.tolist() == [10, 11, 12]
    assert trace.signals["dbg_level"][2:11].tolist() == [2] * 9


def test_accept_counts_transfers_and_ready_counts_cycles(open_session: Opener) -> None:
    ops = (Op("accept", 2), Op("stall", 3), Op("ready", 1), Op("stall", 5))
    trace = open_session(pipe()).run(program(in_=beats(1, 2, 3, 4, gap=1), out=ops)).trace
    ready = "".join(map(str, trace.signals["out_ready"][:16]))
    assert ready == "11111000100000" + "11"


def test_the_walk_of_packets_shows_last(open_session: Opener) -> None:
    trace = open_session(pipe()).run(program(in_=beats(*range(6), last_every=3))).trace
    assert trace.accepted["out"].columns["last"].tolist() == [0, 0, 1, 0, 0, 1]
    assert trace.accepted["out"].columns["tag"].tolist() == [[0xA, 0x5]] * 6


def test_steps_are_attributed_to_the_cycle_in_which_they_begin(open_session: Opener) -> None:
    done = open_session(pipe()).run(program(in_=beats(1, 2, 3, gap=2)))
    assert done.step_starts["in"] == ((0, 0), (3, 1), (6, 2))


def test_a_plain_strobe_waits_its_gap(open_session: Opener) -> None:
    ops = (Op("write", 5, gap=2), Op("write", -3 & 0xFF))
    trace = open_session(adder()).run(program(cfg=ops)).trace
    assert trace.accepted["cfg"].cycle.tolist() == [2, 3]
    assert trace.accepted["cfg"].columns["offset"].tolist() == [5, -3]
    assert cycle_tables(adder(), trace)["cycle"].columns["cfg_strobe"].nonzero()[0].tolist() == [2, 3]


def test_an_attached_strobe_fires_in_the_very_cycle_of_acceptance(open_session: Opener) -> None:
    design = adder()
    sends = (
        Op("send", 1),
        Op("send", 2, strobes=(("cfg", 100),)),
        Op("send", 3),
        Op("send", 4, gap=3, strobes=(("cfg", 0x80),)),
    )
    trace = open_session(design).run(program(in_=sends, out=(Op("stall", 6),))).trace
    accepted, fired = trace.accepted["in"].cycle.tolist(), trace.accepted["cfg"].cycle.tolist()
    assert accepted[1] == 6
    assert fired == [accepted[1], accepted[3]]
    assert trace.accepted["out"].columns["y"].tolist() == [1, 102, 103, -124]
    assert check(design, trace, AdderModel().observe(trace)) == ()


def test_a_plain_strobe_gives_way_to_an_attached_one_and_is_repeated(open_session: Opener) -> None:
    sends = (Op("send", 1, strobes=(("cfg", 10),)), Op("send", 2, strobes=(("cfg", 20),)), Op("send", 3, gap=2))
    trace = open_session(adder()).run(program(in_=sends, cfg=(Op("write", 7), Op("write", 8)))).trace
    assert trace.accepted["cfg"].columns["offset"].tolist() == [10, 20, 7, 8]
    assert trace.accepted["cfg"].cycle.tolist() == [0, 1, 2, 3]


def test_a_responder_answers_in_order_from_memory(open_session: Opener) -> None:
    design = walker()
    memory = tuple(range(10, 26))
    done = open_session(design).run(Program({"in": (Op("send", 4 | 14 << 4),)}, 500, {"ld": memory}))
    trace = done.trace
    assert trace.accepted["ld.request"].columns["addr"].tolist() == [14, 15, 0, 1]
    assert trace.accepted["ld.response"].columns["word"].tolist() == [24, 25, 10, 11]
    # At once: asked in one cycle, answered in the next.
    assert (trace.accepted["ld.response"].cycle - trace.accepted["ld.request"].cycle).tolist() == [1] * 4
    assert trace.accepted["out"].columns["sum"].tolist() == [70]
    assert check(design, trace, WalkerModel().observe(trace)) == ()


def test_latencies_and_stalls_of_a_responder(open_session: Opener) -> None:
    design = walker()
    serve = (Op("serve", 2, gap=5), Op("serve", 1, gap=0, stall=3), Op("serve", 9))
    tracks = {"in": (Op("send", 4),), "ld": serve}
    trace = open_session(design).run(Program(tracks, 500, {"ld": (1, 2, 3, 4)})).trace
    asked, told = trace.accepted["ld.request"].cycle, trace.accepted["ld.response"].cycle
    assert asked.tolist() == [1, 2, 6, 7]
    assert told.tolist() == [7, 8, 9, 10]
    tables = cycle_tables(design, trace)
    assert tables["cycle"].columns["ld_response_transfer"].nonzero()[0].tolist() == [7, 8, 9, 10]
    assert tables["cycle"].columns["ld_request_stall"].max() == 3
    assert tables["transfer_ld_request"].columns["stall"].tolist() == [0, 0, 3, 0]
    assert trace.accepted["out"].columns["sum"].tolist() == [10]
    assert check(design, trace, WalkerModel().observe(trace)) == ()


def test_a_reset_makes_a_responder_forget(open_session: Opener) -> None:
    design = walker()
    tracks = {
        "in": (Op("send", 3), Op("at", 20), Op("send", 2)),
        "ld": (Op("serve", 3, gap=9),),
        "reset": (Op("at", 5), Op("pulse", 2)),
    }
    trace = open_session(design).run(Program(tracks, 500, {"ld": (1, 2, 3, 4)})).trace
    assert trace.accepted["ld.request"].epoch.tolist() == [0, 0, 0, 1, 1]
    assert trace.accepted["ld.response"].epoch.tolist() == [1, 1]
    assert check(design, trace, WalkerModel().observe(trace)) == ()


def test_after_and_at_order_tracks(open_session: Opener) -> None:
    tracks = {
        "in": (*beats(1, 2), Op("after", 2, port="out"), *beats(3), Op("at", 30), *beats(4)),
        "out": (Op("stall", 9),),
    }
    done = open_session(pipe()).run(Program(tracks, 500))
    assert done.trace.accepted["in"].cycle.tolist() == [0, 1, 11, 30]
    assert done.trace.accepted["out"].cycle.tolist()[:2] == [9, 10]
    assert done.released == 0


def test_a_wait_that_cannot_end_is_released_and_is_no_deadlock(open_session: Opener) -> None:
    tracks = {"in": (*beats(1), Op("after", 9, port="out"), *beats(2))}
    done = open_session(pipe()).run(Program(tracks, 500))
    assert done.released == 1
    assert done.trace.end == End.DRAINED
    assert done.trace.accepted["out"].columns["data"].tolist() == [1, 2]


def test_a_long_gap_is_not_quiet(open_session: Opener) -> None:
    tracks = {"in": (*beats(1), *beats(2, gap=100)), "out": (Op("after", 1, port="in"), Op("stall", 60))}
    done = open_session(pipe()).run(Program(tracks, 500))
    assert len(done.trace.accepted["out"]) == 2
    assert done.released == 0


def test_the_cycle_limit_ends_a_test(open_session: Opener) -> None:
    trace = open_session(pipe()).run(program(max_cycles=30, in_=beats(*range(200)))).trace
    assert (trace.end, trace.cycles) == (End.LIMIT, 30)


def test_a_reset_abandons_the_packet_that_is_half_inside(open_session: Opener) -> None:
    design = pipe()
    packets = (*beats(1, 2, 3, 4, last_every=4), *beats(5, 6, last_every=2))
    done = open_session(design).run(program(in_=packets, reset=(Op("at", 2), Op("pulse", 3))))
    trace = done.trace
    assert trace.accepted["in"].columns["data"].tolist() == [1, 2, 5, 6]
    assert trace.accepted["in"].epoch.tolist() == [0, 0, 1, 1]
    assert trace.in_reset[:7].tolist() == [False, False, True, True, True, False, False]
    for signal in ("in_valid", "out_ready"):
        assert not trace.signals[signal][trace.in_reset].any()
    assert check(design, trace, PipeModel().observe(trace)) == ()


def test_a_reset_leaves_a_packet_alone_that_has_not_begun(open_session: Opener) -> None:
    packets = (*beats(1, 2, last_every=2), *beats(3, 4, gap=5, last_every=2))
    trace = open_session(pipe()).run(program(in_=packets, reset=(Op("at", 4), Op("pulse", 1)))).trace
    assert trace.accepted["in"].columns["data"].tolist() == [1, 2, 3, 4]
    assert trace.accepted["in"].epoch.tolist() == [0, 0, 1, 1]


def test_active_low_reset_wide_fields_and_parameters(open_session: Opener) -> None:
    design = lowreset()
    fields = design.ports["in"].fields  # type: ignore[union-attr]
    words = [(1, (1 << 50) - 1), (0x123456789ABCD, 5), (7, 0)]
    keys = [(1 << 64) - 1, 1 << 62, 3]
    ops = tuple(Op("send", pack(fields, {"word": w, "key": (k,)})) for w, k in zip(words, keys, strict=True))
    trace = (
        open_session(design).run(program(in_=(*ops, Op("at", 10), ops[2]), reset=(Op("at", 8), Op("pulse", 1)))).trace
    )
    out = trace.accepted["out"]
    assert out.columns["word"].tolist() == [list(word) for word in [*words, words[2]]]
    # An int64 holds 64 unsigned bits as a negative number where the uppermost is set.
    assert out.columns["key"].tolist() == [-1, 1 << 62, 3, 3]
    assert out.columns["count"].tolist() == [0, 3, 6, 0]
    assert trace.signals["in_word"].shape == (trace.cycles, 4)
    row = trace.signals["in_word"][1].tolist()
    assert sum(word << 32 * place for place, word in enumerate(row)) == words[1][0] | words[1][1] << 50
    assert trace.signals["rst_n"][:10].tolist() == [1] * 8 + [0, 1]
    assert np.flatnonzero(trace.in_reset).tolist() == [8]
    assert check(design, trace, LowResetModel().observe(trace)) == ()


@pytest.mark.parametrize("cycles", [1, 5])
def test_the_initial_reset_lasts_as_long_as_the_design_says(
    simulator: IcarusSimulator, tmp_path: Path, cycles: int
) -> None:
    (tmp_path / "edges.v").write_text(
        "module edges(input clk, input rst, input in_valid, output in_ready, output reg [7:0] dbg_resets);\n"
        "initial dbg_resets = 0;\nassign in_ready = 1;\n"
        "always @(posedge clk) if (rst) dbg_resets <= dbg_resets + 1;\nendmodule\n"
    )
    ports = {"in": stream("source", "in", {}), "dbg": {"kind": "observe", "fields": {"n": bits("dbg_resets", 8)}}}
    design = make_design("edges", ports, folder=tmp_path, reset={"cycles": cycles})
    with simulator.open(design) as session:
        trace = session.run(program(in_=(Op("send"),), reset=(Op("at", 3), Op("pulse", 2)))).trace
    assert trace.signals["dbg_resets"][:7].tolist() == [cycles] * 4 + [cycles + 1] + [cycles + 2] * 2
    assert trace.accepted["in"].cycle.tolist() == [0]
    assert trace.in_reset[:6].tolist() == [False] * 3 + [True] * 2 + [False]
