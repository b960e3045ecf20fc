"""Small designs for the tests of mutants, and what they are asked."""

from __future__ import annotations

import shutil
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.designs.mutants.find_candidates import find_candidates

TALLY = Path(__file__).parent.parent / "eval_running" / "tally"
HEAD = """\
// Größe: not ASCII
`include "widths.svh"
`define NEXT(x) ((x) + 1'b1)
module leaf (input logic clk, input logic in_valid, output logic out_valid);
  always_ff @(posedge clk) out_valid <= in_valid;
endmodule
module never_used (input logic a, output logic b);
  assign b = a & 1'b1;
endmodule
"""
BODY = """\
module mixed #(parameter int W = 4) (
  input  logic clk, input logic rst_n, input logic [W-1:0] d, input logic v_valid,
  output logic [`WIDE-1:0] q, output logic q_valid
);
  typedef enum logic [1:0] {IDLE, RUN, DONE} state_t;
  state_t state;
  logic [W-1:0] count, sum;
  wire [W-1:0] masked = d & 4'hE;
  localparam LIMIT = 4'd9;
  logic late;
  leaf u_leaf (.clk(clk), .in_valid(v_valid), .out_valid(late));
  assign q = {4'b0, sum} | `NEXT(masked);
  assign q_valid = late && state == DONE;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      state <= IDLE;
      count <= '0;
    end else begin
      unique case (state)
        IDLE: if (v_valid) state <= RUN;
        RUN, DONE: state <= count == LIMIT ? DONE : RUN;
        default: state <= IDLE;
      endcase
      if (state == RUN && masked[0]) count <= count + 1;
      else if (count > 2) count <= count - 4'd1;
    end
  always_comb begin
    sum = '0;
    for (int i = 0; i < W; i++) sum[i] = d[i] ^ count[W - 1 - i];
  end
  initial if (W > 64) $display("%0d", W + 1);
  assert property (@(posedge clk) late |-> count < 10);
endmodule"""


def small(folder: Path, ends: str = "\n") -> Design:
    """A SystemVerilog design with a header, macros, a cast of everything, and no line end at its end."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "widths.svh").write_text("`define WIDE 8\n")
    (folder / "small.sv").write_bytes((HEAD + BODY).replace("\n", ends).encode())
    return design_of(folder, "mixed", "small.sv", {"in": {"kind": "strobe", "enable": "v_valid", "fields": {}}})


def design_of(folder: Path, top: str, source: str, ports: dict[str, object]) -> Design:
    """A design with one file."""
    return Design.model_validate({
        "schema_version": 1, "name": top, "title": top, "task_version": 1, "top": top, "sources": (source,),
        "ports": ports, "folder": folder, "limits": {"quiet_cycles": 20, "max_cycles": 5000},
    })  # fmt: skip


def verilog(folder: Path, body: str) -> Design:
    """A Verilog design with a body of one's own."""
    folder.mkdir(parents=True, exist_ok=True)
    head = "module tiny(input clk, input rst, input in_valid, input [3:0] a, input [3:0] b, output reg [3:0] y);\n"
    (folder / "tiny.v").write_text(f"{head}{body}\nendmodule\n")
    fields = {name: {"signal": name, "width": 4} for name in ("a", "b")}
    return design_of(folder, "tiny", "tiny.v", {"in": {"kind": "strobe", "enable": "in_valid", "fields": fields}})


def changes(design: Design, kind: str = "") -> list[str]:
    """What may be changed, in words."""
    return [one.change for one in find_candidates(design) if not kind or one.kind == kind]


def candidates(design: Design) -> list[Candidate]:
    """All candidates."""
    return list(find_candidates(design))


def tally(folder: Path) -> Path:
    """A copy of the design tally."""
    shutil.copytree(TALLY, folder)
    return folder
