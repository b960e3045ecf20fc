"""Every kind of port, clock and reset of a design of one's own is played natively as through cocotb."""

from __future__ import annotations

from pathlib import Path

import pytest
from native_equality import require_equal, strict_native
from prerequisites import need
from small_rtl import own_design, sends, stream
from test_clocks_and_resets import COMBINATIONAL, REGISTER, RESETS, THROUGH, TIES
from test_pins import ADDER, PINS
from test_several_clocks import fifo, programs
from test_slices_and_counts import ARRAYS, arrays
from test_valid_without_ready import core

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op, Program
from dv_agent.runners.simulator import Run
from dv_agent.runners.verilator import VerilatorSimulator

PULSES = (Op("idle", 9), Op("pulse", 2), Op("after", 6, port="in"), Op("pulse", 1))


def both(design: Design, *programs: Program) -> list[Run]:
    need("verilator")
    return require_equal(strict_native(), VerilatorSimulator(hang_seconds=0.5), design, programs)


@pytest.mark.parametrize(("wr", "rd"), [(10, 14), (10, 10), (3, 2), (3, 50)])
def test_several_clocks(tmp_path: Path, wr: int, rd: int) -> None:
    design = fifo(tmp_path, wr=wr, rd=rd)
    runs = both(design, *programs(design, 12))
    assert sum(run.trace.cycles for run in runs) > 500
    assert any(run.trace.in_reset.any() for run in runs)


def test_an_asynchronous_reset_of_several_clocks(tmp_path: Path) -> None:
    reset = {"signal": "wrst_n", "active": "low", "cycles": 3, "asynchronous": True}
    design = fifo(tmp_path, wr=4, rd=6, reset=reset)
    both(design, *programs(design, 4), Program({"in": sends(*range(20), gap=1), "reset": PULSES}, 400))


@pytest.mark.parametrize("hold", [False, True])
def test_valid_without_ready_and_held_payloads(tmp_path: Path, hold: bool) -> None:
    (run,) = both(core(tmp_path, hold=hold), Program({"in": sends(*range(1, 30), gap=3), "reset": PULSES}, 400))
    assert run.trace.signals["word"][:40].any()


@pytest.mark.parametrize("kind", ["strobe", "source"])
def test_what_is_held_with_a_ready_and_in_a_strobe(tmp_path: Path, kind: str) -> None:
    rtl = "module own(input clk, input rst, input s_valid, output s_ready, input [7:0] s_data);\n"
    port = stream("source", "s", hold=True)
    if kind == "strobe":
        port = {"kind": "strobe", "enable": "s_valid", "hold": True, "fields": port["fields"]}
    design = own_design(tmp_path, rtl + "  assign s_ready = 1;\nendmodule\n", {"s": port})
    ops = sends(3, 4, 5, gap=2) if kind == "source" else tuple(Op("write", 3 + x, gap=x) for x in range(3))
    both(design, Program({"s": ops, "reset": (Op("idle", 4), Op("pulse", 1))}, 200))


def test_a_combinational_design(tmp_path: Path) -> None:
    design = own_design(tmp_path, COMBINATIONAL, THROUGH, clock=None, reset=None)
    both(design, Program({"in": sends(1, 2, 255), "out": (Op("stall", 3), Op("ready", 5), Op("accept", 1))}, 200))


def test_several_resets_and_ties(tmp_path: Path) -> None:
    design = own_design(tmp_path, REGISTER, THROUGH, ties=TIES, **RESETS)
    both(design, Program({"in": sends(*range(12)), "out": (Op("stall", 4), Op("ready", 9)), "reset": PULSES}, 200))


def test_pins_that_a_design_waits_for_return_to_rest(tmp_path: Path) -> None:
    ports = {"in": stream("source", "in"), "out": stream("sink", "out"), "cfg": PINS}
    design = own_design(tmp_path, ADDER, ports, limits={"quiet_cycles": 10, "max_cycles": 2000, "max_items": 1000})
    levels = (Op("set", 0b10110, gap=3, stall=4), Op("hold", 5), Op("set", 0b00011), Op("set", 0b01111, stall=2))
    tracks = {"in": sends(*range(9), gap=1), "cfg": levels}
    ended, reset = both(design, Program(tracks, 500), Program({**tracks, "reset": PULSES}, 500))
    assert (ended.trace.end, reset.trace.end) == ("drained", "drained")


def test_slices_and_elements(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARRAYS, arrays(), ".sv")
    tracks = {"s0": sends(1, 2, gap=1), "s1": sends(3), "s2": sends(4, 5), "m": (Op("stall", 3),)}
    both(design, Program(tracks, 300))
