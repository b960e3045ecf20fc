"""Designs behind a bus, on the real simulator: good ones pass, and each fault is found by the rule about it."""

from __future__ import annotations

from typing import Any

import pytest
from bus_designs import apb_regs, axi_ram, axil_regs, faulty, play, random_tests, steps, wb_regs, wbp_regs

from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.design import Design
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.trace import End

STALLED: dict[str, Any] = {"stall": [0, 4]}
GOOD = {
    "apb": (apb_regs(), {}),
    "apb with wait states": (apb_regs(parameters={"WAIT": 2}), {}),
    "axi_lite": (axil_regs(), STALLED),
    "wishbone": (wb_regs(), {}),
    "wishbone with wait states": (wb_regs(parameters={"WAIT": 3}), {}),
    "pipelined wishbone": (wbp_regs(), {}),
    "axi4": (axi_ram(), STALLED),
}
FAULTS = [
    (apb_regs(), 1, "read_back"),
    (apb_regs(), 2, "unknown"),
    (apb_regs(), 3, "read_back"),
    (apb_regs(), 4, "deadlock"),
    (apb_regs(), 5, "refused"),
    (axil_regs(), 1, "read_back"),
    (axil_regs(), 2, "unasked"),
    (axil_regs(), 3, "stable"),
    (axil_regs(), 4, "unanswered"),
    (axil_regs(), 5, "stable"),
    (axil_regs(), 6, "illegal"),
    (wb_regs(), 1, "read_back"),
    (wb_regs(), 2, "unasked"),
    (wb_regs(), 3, "exclusive"),
    (wb_regs(), 4, "read_back"),
    (wb_regs(), 5, "unknown"),
    (wbp_regs(), 1, "read_back"),
    (wbp_regs(), 2, "unasked"),
    (wbp_regs(), 3, "unanswered"),
    (wbp_regs(), 4, "unasked"),
    (wbp_regs(), 5, "exclusive"),
    (axi_ram(), 1, "read_back"),
    (axi_ram(), 2, "beats"),
    (axi_ram(), 3, "id"),
    (axi_ram(), 4, "beats"),
    (axi_ram(), 5, "unanswered"),
    (axi_ram(), 6, "stable"),
    (axi_ram(), 7, "read_back"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_design_gives_no_false_alarm(name: str) -> None:
    one, keys = GOOD[name]
    results = play(one, random_tests(60, 20, **keys))
    assert [failures for _, failures in results if failures] == []
    assert {run.trace.end for run, _ in results} == {End.DRAINED}
    assert sum(len(run.trace.accepted["bus.reads"]) for run, _ in results) > 200
    assert sum(len(run.trace.accepted["bus.writes"]) for run, _ in results) > 200


@pytest.mark.parametrize(("one", "fault", "check"), FAULTS, ids=lambda part: getattr(part, "name", part))
def test_a_fault_is_found_by_its_rule(one: Design, fault: int, check: str) -> None:
    keys = STALLED if one.name.startswith("axi") else {}
    failures = [failure for _, found in play(faulty(one, fault), random_tests(30, 25, **keys)) for failure in found]
    assert check in {failure.check for failure in failures}, failures
    assert all(failure.port.split(".")[0] == "bus" for failure in failures)


def test_verilator_sees_the_same_transfers_as_icarus() -> None:
    tests = random_tests(10, **STALLED)
    one = axil_regs()
    both = [play(one, tests, simulator) for simulator in ("icarus", "verilator")]
    for (run, failures), (other, others) in zip(*both, strict=True):
        assert failures == others == ()
        for key, seen in run.trace.accepted.items():
            assert seen.cycle.tolist() == other.trace.accepted[key].cycle.tolist()
            assert {name: column.tolist() for name, column in seen.columns.items()} == {
                name: column.tolist() for name, column in other.trace.accepted[key].columns.items()
            }


def test_an_apb_access_has_one_cycle_of_setup_and_then_waits_for_ready() -> None:
    test = steps({"write": {"addr": 8, "data": 7}}, {"read": {"addr": 8}, "gap": 1})
    ((run, failures),) = play(apb_regs(parameters={"WAIT": 1}), [test])
    assert failures == ()
    pins = {name: run.trace.signals[name][:8].tolist() for name in ("psel", "penable", "pready", "pwrite", "pstrb")}
    assert pins["psel"] == [1, 1, 1, 0, 1, 1, 1, 0]
    assert pins["penable"] == [0, 1, 1, 0, 0, 1, 1, 0]
    assert pins["pwrite"] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert pins["pstrb"] == [15, 15, 15, 0, 0, 0, 0, 0]
    assert run.trace.accepted["bus.reads"].columns["data"].tolist() == [7]
    table = cycle_tables(apb_regs(), run.trace)["access_bus"].columns
    assert table["write"].tolist() == [1, 0]
    assert table["addr"].tolist() == [8, 8]
    assert table["latency"].tolist() == [1, 1]
    assert table["gap"].tolist() == [-1, 3]
    assert table["same_address"].tolist() == [0, 1]


def test_the_channels_of_an_axi_write_come_in_either_order() -> None:
    write = {"addr": 4, "data": 5}
    test = steps({"write": {**write, "w_delay": 3}}, {"write": {**write, "aw_delay": 2}, "gap": 1, "stall": 2})
    ((run, failures),) = play(axil_regs(), [test])
    assert failures == ()
    aw, w, b = (run.trace.accepted[f"bus.{part}"].cycle.tolist() for part in ("aw", "w", "b"))
    assert w[0] - aw[0] == 3
    assert aw[1] - w[1] == 2
    assert b[1] - aw[1] == 4  # one cycle of the design, then valid; two of the stall


def test_overlapping_accesses_run_ahead_of_their_answers() -> None:
    reads = [{"read": {"addr": 4 * place, "overlap": 1}, "stall": 5} for place in range(6)]
    ((run, failures),) = play(axil_regs(), [steps(*reads)])
    assert failures == ()
    assert run.trace.accepted["bus.reads"].columns["addr"].tolist() == [0, 4, 8, 12, 16, 20]
    (alone,) = (len(only.trace.accepted["bus.r"]) for only, _ in play(axil_regs(), [steps(*reads[:1])]))
    assert alone == 1
    offers = run.trace.signals["arvalid"]
    waiting = run.trace.signals["rvalid"] == 1
    assert (offers[waiting] == 1).any()


def test_a_classic_wishbone_cycle_lasts_until_the_answer() -> None:
    ((run, failures),) = play(wb_regs(parameters={"WAIT": 2}), [steps({"write": {"addr": 8, "data": 7}}, {"idle": 3})])
    assert failures == ()
    pins = {name: run.trace.signals[f"wb_{name}"][:5].tolist() for name in ("cyc_i", "stb_i", "ack_o", "we_i", "sel_i")}
    assert pins == {
        "cyc_i": [1, 1, 1, 0, 0], "stb_i": [1, 1, 1, 0, 0], "ack_o": [0, 0, 1, 0, 0], "we_i": [1, 1, 1, 0, 0],
        "sel_i": [15, 15, 15, 0, 0],
    }  # fmt: skip


def test_pipelined_wishbone_requests_run_ahead_of_their_answers_within_one_cycle_of_the_bus() -> None:
    reads = [{"read": {"addr": 4 * place, "overlap": 1}} for place in range(4)]
    ((run, failures),) = play(wbp_regs(), [steps(*reads)])
    assert failures == ()
    pins = {name: run.trace.signals[name][:9].tolist() for name in ("cyc", "stb", "stall", "ack")}
    assert pins["stb"] == [1, 1, 1, 1, 1, 0, 0, 0, 0]
    assert pins["stall"] == [0, 0, 1, 0, 0, 1, 0, 0, 0]
    assert pins["ack"] == [0, 0, 1, 1, 0, 1, 1, 0, 0]
    assert pins["cyc"] == [1, 1, 1, 1, 1, 1, 1, 0, 0]


def test_a_reset_in_the_middle_of_accesses_drops_them_and_the_track_goes_on() -> None:
    track = tuple({"write": {"addr": 4 * (place % 8), "data": place}} for place in range(12))
    tests = [Test(tracks={"bus": track, "reset": ({"idle": cycle}, {"pulse": 2})}) for cycle in range(2, 20)]
    for one in (apb_regs(parameters={"WAIT": 3}), axil_regs(), wb_regs(parameters={"WAIT": 4}), wbp_regs()):
        for run, failures in play(one, tests):
            assert failures == ()
            assert run.trace.end == End.DRAINED
            assert len(run.trace.accepted["bus.writes"]) >= 11 - (one.name == "axil_regs")


def test_a_burst_has_one_request_and_a_transfer_for_each_beat() -> None:
    test = steps(
        {"write": {"addr": 8, "data": [1, 2, 3], "id": 2, "strb": [15, 3, 15]}},
        {"read": {"addr": 8, "beats": 3, "id": 1}, "stall": 2},
    )
    ((run, failures),) = play(axi_ram(), [test])
    assert failures == ()
    accepted = run.trace.accepted
    request = {name: column.tolist() for name, column in accepted["bus.aw"].columns.items()}
    assert request == {"id": [2], "addr": [8], "len": [2]}
    assert accepted["bus.w"].columns["last"].tolist() == [0, 0, 1]
    assert accepted["bus.w"].columns["strb"].tolist() == [15, 3, 15]
    assert {run.trace.signals[name][0] for name in ("awsize", "arsize")} == {2}
    assert {run.trace.signals[name][0] for name in ("awburst", "arburst")} == {1}
    reads, writes = accepted["bus.reads"].columns, accepted["bus.writes"].columns
    assert writes["addr"].tolist() == reads["addr"].tolist() == [8, 12, 16]
    assert reads["data"].tolist() == [1, 2, 3]
    assert reads["id"].tolist() == [1, 1, 1]
    assert (accepted["bus.r"].cycle[1:] - accepted["bus.r"].cycle[:-1] >= 3).all()


def test_a_burst_ends_at_the_last_word_of_the_bus() -> None:
    ((run, failures),) = play(
        axi_ram(), [steps({"read": {"addr": 0xF8, "beats": 9}}, {"write": {"addr": 0xFE, "data": 9}})]
    )
    assert failures == ()
    assert run.trace.accepted["bus.ar"].columns["len"].tolist() == [1]
    assert run.trace.accepted["bus.reads"].columns["addr"].tolist() == [0xF8, 0xFC]
    assert run.trace.accepted["bus.w"].columns["strb"].tolist() == [0b1100]
