"""Designs without a clock or a reset, with resets of other kinds, with constant inputs, and with rules switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prerequisites import need
from pydantic import ValidationError
from small_rtl import own_design, played, sends, stream, values

from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op
from dv_agent.errors import InputFileError, UsageError
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import wrapper_text
from dv_agent.runners.checks.exceptions import exception_notes
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.checks.scope_of_checks import what_is_checked
from dv_agent.runners.verilator import VerilatorSimulator

COMBINATIONAL = """\
module own(input in_valid, output in_ready, input [7:0] in_data,
           output out_valid, input out_ready, output [7:0] out_data);
  assign out_valid = in_valid;
  assign in_ready = out_ready & out_valid;
  assign out_data = in_data + 8'd1;
endmodule
"""
THROUGH = {"in": stream("source", "in"), "out": stream("sink", "out")}
REGISTER = """\
module own(input clk, input rst_n, input clear, input in_valid, output in_ready, input [7:0] in_data,
           input scan_en, input [4:0] cfg, input [39:0] key, output reg out_valid, input out_ready,
           output reg [7:0] out_data);
  assign in_ready = !out_valid || out_ready;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin out_valid <= 0; out_data <= 0; end
    else if (clear) out_valid <= 0;
    else if (in_ready) begin out_valid <= in_valid; out_data <= scan_en ? 8'hEE : in_data + cfg + key[7:0]; end
endmodule
"""
RESETS: dict[str, Any] = {
    "reset": {"signal": "rst_n", "active": "low", "asynchronous": True, "cycles": 2},
    "more_resets": [{"signal": "clear"}],
}
TIES = {"scan_en": 0, "cfg": 5, "key": 3}
DROPPER = """\
module own(input clk, input rst, input in_valid, output in_ready, input [7:0] in_data,
           output reg out_valid, input out_ready, output [7:0] out_data);
  reg [1:0] patience;
  assign in_ready = !out_valid, out_data = {6'd0, patience};
  always @(posedge clk)
    if (rst) begin out_valid <= 0; patience <= 0; end
    else if (in_valid && in_ready) begin out_valid <= 1; patience <= 3; end
    else if (out_valid) begin patience <= patience - 1; if (out_ready || patience == 0) out_valid <= 0; end
endmodule
"""


def test_title_and_task_version_may_be_left_out(tmp_path: Path) -> None:
    design = own_design(tmp_path, COMBINATIONAL, THROUGH)
    assert (design.title, design.task_version) == ("own", 1)


def test_a_combinational_design_is_sampled_once_a_cycle_after_it_settled(tmp_path: Path) -> None:
    design = own_design(tmp_path, COMBINATIONAL, THROUGH, clock=None, reset=None)
    run = played(design, {"in": sends(1, 2, 255), "out": (Op("stall", 3), Op("ready", 50))})
    assert values(run, "out") == [2, 3, 0] == [(one + 1) % 256 for one in values(run, "in")]
    # An answer comes in the very cycle of its cause, and nothing is ever in reset.
    assert run.trace.accepted["in"].cycle.tolist() == run.trace.accepted["out"].cycle.tolist() == [3, 4, 5]
    assert not run.trace.in_reset.any()
    assert check(design, run.trace, Observation({}, {})) == ()
    assert "clk" not in wrapper_text(design, layout_of(design))


def test_a_design_without_reset_has_no_track_for_it(tmp_path: Path) -> None:
    design = own_design(tmp_path, COMBINATIONAL, THROUGH, clock=None, reset=None)
    assert design.tracks == ("in", "out")
    with pytest.raises(UsageError, match="has no reset"):
        played(design, {"reset": (Op("pulse", 1),)})


def test_resets_of_both_polarities_act_together_and_an_asynchronous_one_at_once(tmp_path: Path) -> None:
    design = own_design(tmp_path, REGISTER, THROUGH, ties=TIES, **RESETS)
    run = played(design, {"in": sends(10, 20), "out": (Op("stall", 20),), "reset": (Op("idle", 5), Op("pulse", 2))})
    signals, active = run.trace.signals, run.trace.in_reset
    assert np.flatnonzero(active).tolist() == [5, 6]
    assert (signals["rst_n"] == 1 - signals["clear"]).all()
    assert signals["out_valid"][4:7].tolist() == [1, 0, 0]  # gone in the first cycle of the reset already
    assert values(run, "out") == [28]  # of the two beats the reset took one with it
    assert check(design, run.trace, Observation({}, {})) == ()


@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
def test_constants_of_any_width_fit(tmp_path: Path, simulator: str) -> None:
    need("iverilog" if simulator == "icarus" else simulator)
    verilog = """\
module own(input clk, input rst, input [39:0] wide, input [63:0] whole, input [2:0] few, input in_valid,
           output in_ready, input [7:0] in_data, output out_valid, input out_ready, output [7:0] out_data);
  assign out_valid = in_valid, in_ready = out_ready, out_data = wide[39:32] + wide[7:0] + whole[63:56] + few;
endmodule
"""
    ties = {"wide": (0x80 << 32) + 3, "whole": (1 << 64) - 1, "few": 7}
    design = own_design(tmp_path, verilog, THROUGH, ties=ties)
    run = played(design, {"in": sends(1)}, VerilatorSimulator() if simulator == "verilator" else None)
    assert values(run, "out") == [(0x80 + 3 + 0xFF + 7) % 256]


def test_tied_inputs_are_constant(tmp_path: Path) -> None:
    run = played(own_design(tmp_path, REGISTER, THROUGH, ties=TIES, **RESETS), {"in": sends(10, 20)})
    assert values(run, "out") == [18, 28]
    run = played(own_design(tmp_path, REGISTER, THROUGH, ties=TIES | {"scan_en": 1}, **RESETS), {"in": sends(10)})
    assert values(run, "out") == [0xEE]


@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
def test_inputs_that_nothing_drives_are_all_named(tmp_path: Path, simulator: str) -> None:
    need("iverilog" if simulator == "icarus" else simulator)
    design = own_design(tmp_path, REGISTER, THROUGH, ties={"cfg": 5}, **RESETS)
    with pytest.raises(
        InputFileError, match=r"nothing drives scan_en, key, inputs of own; .*ties: {scan_en: 0, key: 0}"
    ):
        played(design, {}, VerilatorSimulator(tmp_path / "cache") if simulator == "verilator" else None)


@pytest.mark.parametrize("value", [32, 255])
def test_a_tie_that_does_not_fit_is_refused(tmp_path: Path, value: int) -> None:
    design = own_design(tmp_path, REGISTER, THROUGH, ties=TIES | {"cfg": value}, **RESETS)
    with pytest.raises(Exception, match="cfg"):
        played(design, {})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"clocks": {"a": {"signal": "clk"}}, "clock": {"signal": "clk"}}, "exclude each other"),
        ({"reset": None, "more_resets": [{"signal": "clear"}]}, "no `reset` that they"),
        ({"ties": {"cfg": -1}}, "does not fit"),
        ({"ties": {"cfg[3:0]": 16}}, "does not fit"),
        ({"ties": {"cfg{1}": 1}}, r"cfg\{1\}\[7:0\]"),
        ({"ports": {"in": stream("source", "in", clock="fast")}}, "no clock 'fast'"),
        ({"ports": {"in": stream("source", "in", rules_off={"stabel": "why"})}}, "did you mean stable"),
        ({"ports": {"in": stream("source", "in", may_drop="")}}, "may_drop"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own_design(tmp_path, COMBINATIONAL, keys.pop("ports", THROUGH), **keys)


@pytest.mark.parametrize(
    ("off", "found"),
    [
        ({}, {("stable", "out_valid"), ("stable", "x")}),
        ({"may_drop": "it gives up"}, {("stable", "x")}),
        ({"rules_off": {"stable": "it gives up, and counts"}}, set()),
        ({"rules_off": {"unknown": "other rules stay"}}, {("stable", "out_valid"), ("stable", "x")}),
    ],
)
def test_a_rule_is_switched_off_for_one_port_with_a_reason_that_is_told(
    tmp_path: Path, off: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    design = own_design(tmp_path, DROPPER, {"in": stream("source", "in"), "out": stream("sink", "out", **off)})
    run = played(design, {"in": sends(1), "out": (Op("stall", 9),)})
    assert {(one.check, one.field) for one in check(design, run.trace, Observation({}, {}))} == found
    told = list(exception_notes(design.exceptions))
    assert len(told) == len(off)
    assert all(note.startswith("port out: ") and "design.yaml: " in note for note in told)


def test_an_input_that_may_wait_for_ever_is_no_deadlock(tmp_path: Path) -> None:
    stuck = DROPPER.replace("assign in_ready = !out_valid,", "assign in_ready = 0,")
    for off, checks in (({}, ["deadlock"]), ({"rules_off": {"deadlock": "it waits for a key"}}, [])):
        design = own_design(tmp_path, stuck, {"in": stream("source", "in", **off), "out": stream("sink", "out")})
        run = played(design, {"in": sends(1)})
        assert run.trace.end == "deadlock"
        assert [one.check for one in check(design, run.trace, Observation({}, {}))] == checks


def test_without_a_reset_an_output_may_be_valid_from_the_start(tmp_path: Path) -> None:
    always = COMBINATIONAL.replace("out_valid = in_valid", "out_valid = 1")
    for reset, found in ((None, []), ({"signal": "rst"}, ["after_reset"])):
        verilog = always if reset is None else always.replace("module own(", "module own(input rst, ")
        design = own_design(tmp_path / str(bool(reset)), verilog, THROUGH, clock=None, reset=reset)
        run = played(design, {"out": (Op("stall", 5),)})
        assert [one.check for one in check(design, run.trace, Observation({}, {}))] == found


@pytest.mark.parametrize(("steps", "found"), [((Op("set", 1),), []), ((), ["after_reset"])])
def test_a_level_that_is_not_at_rest_may_be_the_cause_of_an_output(
    tmp_path: Path, steps: tuple[Op, ...], found: list[str]
) -> None:
    verilog = """\
module own(input clk, input rst, input on, output out_valid, input out_ready, output [7:0] out_data);
  assign out_valid = STRAY, out_data = 7;
endmodule
"""
    pins = {"kind": "pins", "fields": {"on": {"signal": "on", "width": 1}}}
    for stray, expected in (("on", []), ("1'b1", found)):
        ports = {"out": stream("sink", "out"), "cfg": pins}
        design = own_design(tmp_path / stray[:2], verilog.replace("STRAY", stray), ports)
        run = played(design, {"out": (Op("stall", 5),), "cfg": steps})
        assert [one.check for one in check(design, run.trace, Observation({}, {}))] == expected


def test_a_rule_of_a_bus_that_is_off_or_needs_x_is_not_told_as_checked(tmp_path: Path) -> None:
    signals: dict[str, Any] = {one: one for one in ("psel", "penable", "pwrite", "pready")}
    signals |= {one: {"signal": one, "width": 8} for one in ("paddr", "pwdata", "prdata")}
    bus = {"kind": "apb", "signals": signals}
    plain = own_design(tmp_path, "", {"bus": bus}, clock={"signal": "clk", "period_ns": 10}, reset=None)
    off = own_design(
        tmp_path, "", {"bus": {**bus, "rules_off": {"unknown": "a memory"}}},
        clock={"signal": "clk", "period_ns": 10}, reset=None,
    )  # fmt: skip
    told = "no X in what is returned on bus"
    assert told in what_is_checked(plain, False, "icarus").rules
    assert told not in what_is_checked(plain, False, "verilator").rules
    assert told not in what_is_checked(off, False, "icarus").rules
