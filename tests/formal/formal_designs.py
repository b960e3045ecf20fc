"""Small designs for proofs, and whether yosys is ready to read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prerequisites import absent

from dv_agent.designs.loader import DesignFolder, find_design, load_design
from dv_agent.runners.formal.yosys import is_installed, is_ready

DECODER = find_design("rv32_decoder").path
ASK = "DV_AGENT_TEST_FORMAL"


def need_yosys() -> None:
    """Go on only where yosys is there and compiled, which takes a minute once; CI waits for that."""
    if not is_installed():
        absent('the extra formal is not installed: pip install "dv-agent[formal]"')
    if not os.environ.get(ASK) and not os.environ.get("CI") and not is_ready():
        pytest.skip(f"yosys is not compiled for this machine yet, which takes a minute: {ASK}=1 does it")


RTL = """\
module steps(input clk, input rst, input in_valid, output in_ready, input [3:0] in_data,
             output out_valid, input out_ready, output reg [3:0] out_data, output [1:0] state, output reg [3:0] count);
  localparam IDLE = 2'd0, WORK = 2'd1, DONE = 2'd2, LOST = 2'd3;
  reg [1:0] now;
  reg [3:0] unused;
  assign state = now;
  assign in_ready = now == IDLE;
  assign out_valid = now == DONE;
  always @(posedge clk)
    if (rst) begin
      now <= IDLE;
      count <= 0;
      unused <= 0;
    end else case (now)
      IDLE: if (in_valid) begin
        now <= WORK;
        out_data <= in_data;
        count <= 0;
      end
      WORK: begin
        count <= count + 1;
        if (count == 4'd9) now <= DONE;
        if (count > 4'd9) now <= LOST;
      end
      DONE: if (out_ready) now <= IDLE;
      LOST: begin
        unused <= unused + 1;
        now <= IDLE;
      end
    endcase
endmodule
"""
DESIGN = """\
schema_version: 1
name: steps
top: steps
sources: [steps.v]
ports:
  in: {kind: source, valid: in_valid, ready: in_ready, fields: {data: {signal: in_data, width: 4}}}
  out: {kind: sink, valid: out_valid, ready: out_ready, fields: {q: {signal: out_data, width: 4}}}
  dbg: {kind: observe, fields: {state: {signal: state, width: 2}, count: {signal: count, width: 4}}}
limits: {quiet_cycles: 20, max_cycles: 500}
"""
PLAN = """\
schema_version: 1
covergroups:
  - name: machine
    on: cycle
    when: in_reset == 0
    coverpoints:
      - name: state
        of: state
        bins: {idle: 0, work: 1, done: 2, lost: 3}
      - name: count
        of: count
        hidden: true
        bins: {low: [0, 9], ten: 10, above: [11, 15]}
      - name: steps
        of: state
        transitions:
          around: [[0], [1]]
          straight_to_done: [[0], [2]]
        ignore: {back: {sequence: [[2], [1]], why: "DONE is left to IDLE"}}
    crosses:
      - name: at
        of: [state, count]
        only: [{state: [work, done]}]
        ignore: [{when: {state: work, count: [above]}, why: "WORK ends at 10"}]
  - name: taken
    on: transfer_out
    coverpoints:
      - name: waited
        of: stall
        bins: {no: 0, some: [1, 3], long: [20, 1000]}
      - name: again
        of: back_to_back
        bins: {no: 0, back_to_back: 1}
"""
DEAD = {
    "machine.state.lost", "machine.steps.straight_to_done", "machine.at.work+ten", "machine.at.done+low",
    "machine.at.done+above", "taken.again.back_to_back",
}  # fmt: skip
"""The bins that nothing can hit; `work+ten` because the count is 10 in DONE only."""


def write_steps(folder: Path, plan: str = PLAN, rtl: str = RTL) -> DesignFolder:
    """Write the design `steps` into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"steps.v": rtl, "design.yaml": DESIGN, "plan.yaml": plan}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_design(folder)
