"""Every kind of port, clock and reset of a design of one's own is played natively as through cocotb."""

from __future__ import annotations

from pathlib import Path

import pytest
from native_equality import require_equal, strict_native
from prerequisites import need
from small_rtl import own_design, sends, stream
from test_clocks_and_resets import COMBINATIONAL, REGISTER, RESETS, THROUGH, TIES
from test_pins import ADDER, PINS
from test_several_clocks import fifo
from test_several_clocks import programs as random_programs
from test_slices_and_counts import ARRAYS, arrays
from test_valid_without_ready import core

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op, Program
from dv_agent.runners.simulator import Run
from dv_agent.runners.verilator import VerilatorSimulator

REPORTS = """module own(input clk, input rst, input s_valid, output s_ready, input [7:0] s_data);
  assign s_ready = 1;
  always @(posedge clk) begin
    if (s_valid && s_data == 3) $error("three");
    if (s_valid && s_data == 4) `TOLD;
    assert (!(s_valid && s_data == 3));
    if (s_valid && s_data == 9) $fatal(1, "nine");
  end
endmodule
"""
EDGES = """module own(input a, input b, input c, input rst, input in_valid, output in_ready, input [7:0] in_data,
           output reg out_valid, input out_ready, output [7:0] out_data, output level);
  reg [7:0] x = 0, y = 1, z = 2, held;
  reg [3:0] n;
  always @(negedge a) x <= in_data + y;
  always @(posedge b or negedge c) y <= y + x;
  always @(negedge c) z <= z ^ y ^ {7'b0, a};
  always @* if (!b) held = x;
  always @(posedge a) n <= rst ? 0 : n + in_valid;
  always @(posedge c) out_valid <= !rst && y[1];
  assign in_ready = n[0] | z[0], out_data = z ^ held, level = a & ~c;
endmodule
"""
PULSES = (Op("idle", 9), Op("pulse", 2), Op("after", 6, port="in"), Op("pulse", 1))


def both(design: Design, *programs: Program) -> list[Run]:
    """Play the programs natively and through cocotb; any difference fails the test here."""
    need("verilator")
    return require_equal(strict_native(), VerilatorSimulator(hang_seconds=0.5), design, programs)


def test_two_clocks_and_a_reset_that_the_slow_one_holds(tmp_path: Path) -> None:
    design = fifo(tmp_path, wr=3, rd=50)
    runs = both(design, *random_programs(design, 12))
    assert sum(run.trace.epoch.max() > 0 for run in runs) > 2
    assert "drained" in {run.trace.end for run in runs}


def test_three_clocks_with_falling_edges_a_latch_and_clocks_as_data(tmp_path: Path) -> None:
    clocks = {name: {"signal": name, "period_ns": period} for name, period in (("a", 5), ("b", 10), ("c", 14))}
    clocks["b"]["phase_ns"] = 1
    ports = {
        "in": stream("source", "in", clock="a"), "out": stream("sink", "out", clock="c"),
        "seen": {"kind": "observe", "fields": {"level": {"signal": "level", "width": 1}}},
    }  # fmt: skip
    design = own_design(tmp_path, EDGES, ports, clocks=clocks, reset={"signal": "rst", "cycles": 2})
    tracks = {"in": sends(*range(3, 60), gap=1), "out": (Op("stall", 5), Op("ready", 30), Op("stall", 9))}
    (run,) = both(design, Program({**tracks, "reset": (Op("idle", 30), Op("pulse", 3), Op("idle", 9))}, 900))
    assert len(run.trace.accepted["in"]) > 50
    assert len(run.trace.accepted["out"]) > 10


def test_a_test_goes_on_after_errors_that_the_rtl_reports(tmp_path: Path) -> None:
    rtl = '`include "told.vh"\n' + REPORTS
    design = own_design(tmp_path, rtl, {"s": stream("source", "s")}, ".sv")
    (tmp_path / "told.vh").write_text('`define TOLD $error("four")\n')
    in_reset = Program({"s": sends(1, 3, 4, 2, 3, gap=2), "reset": (Op("idle", 5), Op("pulse", 2))}, 99)
    quiet, told, ended = both(design, Program({"s": sends(1, 2)}, 99), in_reset, Program({"s": sends(3, 9)}, 99))
    assert not quiet.trace.reported
    assert [(one.line, len(one.cycles)) for one in told.trace.reported] == [(5, 2), (7, 2), (6, 1)]
    assert ended.trace.end == "crashed"


def test_a_design_that_can_stop_ends_at_its_first_error(tmp_path: Path) -> None:
    """Verilator does not tell ``$stop`` from ``$error``."""
    rtl = REPORTS.replace("$fatal(1, ", "$stop(1); // ").replace("`TOLD", '$error("four")')
    (ended,) = both(own_design(tmp_path, rtl, {"s": stream("source", "s")}, ".sv"), Program({"s": sends(1, 4, 2)}, 99))
    assert ended.trace.end == "crashed"


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
