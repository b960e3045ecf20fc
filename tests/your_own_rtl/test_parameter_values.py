"""Parameters that are numbers, texts and types reach the design; nothing else gets through into the wrapper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prerequisites import need
from pydantic import ValidationError
from small_rtl import own_design, played, sends, stream, values

from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import wrapper_text
from dv_agent.runners.verilator import VerilatorSimulator

TEXTS = """\
module own #(parameter STEP = 1, parameter KIND = "none") (input clk, input rst,
    input in_valid, output in_ready, input [7:0] in_data, output out_valid, input out_ready, output [7:0] out_data);
  assign out_valid = in_valid, in_ready = out_ready, out_data = KIND == "up" ? in_data + STEP : in_data - STEP;
endmodule
"""
TYPES = """\
package own_pkg; typedef logic [3:0] nibble_t; endpackage
module own #(parameter type T = logic, parameter type U = logic) (input logic clk, rst,
    input logic in_valid, output logic in_ready, input T in_data, output logic out_valid, input logic out_ready,
    output U out_data);
  assign out_valid = in_valid, in_ready = out_ready, out_data = U'(in_data);
endmodule
"""
THROUGH = {"in": stream("source", "in"), "out": stream("sink", "out")}


@pytest.mark.parametrize(("text", "result"), [("up", 13), ("down", 7), ("", 7)])
def test_a_text_is_a_parameter(tmp_path: Path, text: str, result: int) -> None:
    design = own_design(tmp_path, TEXTS, THROUGH, parameters={"STEP": 3, "KIND": {"text": text}})
    assert values(played(design, {"in": sends(10)}), "out") == [result]


def test_a_type_is_a_parameter(tmp_path: Path) -> None:
    need("verilator")
    ports = {"in": stream("source", "in"), "out": stream("sink", "out", 4)}
    given = {"T": {"type": "logic [7:0]"}, "U": {"type": "own_pkg::nibble_t"}}
    design = own_design(tmp_path, TYPES, ports, ".sv", parameters=given)
    assert "own #(.T(logic [7:0]), .U(own_pkg::nibble_t)) dut" in wrapper_text(design, layout_of(design))
    assert values(played(design, {"in": sends(0x5A)}, VerilatorSimulator()), "out") == [0xA]


@pytest.mark.parametrize(
    "value",
    [
        {"text": 'a"); $finish; //'}, {"text": "a\\"}, {"text": "a\nb"}, {"text": 5},
        {"type": "logic); $finish; ("}, {"type": "logic [7:0"}, {"type": ""}, {"type": "logic [A-1:0]"},
        {"type": "a::b::c"}, "text", 1.5, {"text": "a", "type": "logic"}, {},
    ],
)  # fmt: skip
def test_other_values_are_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValidationError):
        own_design(tmp_path, TEXTS, THROUGH, parameters={"KIND": value})
