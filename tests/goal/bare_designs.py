"""Small designs of which there is nothing but RTL and a design.yaml, written into a folder."""

from __future__ import annotations

from pathlib import Path

import yaml

from dv_agent.designs.loader import DesignFolder, load_design

FIFO = """\
module fifo (input clk, input rst,
    input [7:0] s_data, input s_last, input s_valid, output s_ready,
    output [7:0] m_data, output m_last, output m_valid, input m_ready);
  reg [8:0] mem [0:3];
  reg [2:0] wp, rp;
  wire full = (wp[2] != rp[2]) && (wp[1:0] == rp[1:0]);
  assign s_ready = !full;
  assign m_valid = wp != rp;
  assign {m_last, m_data} = mem[rp[1:0]];
  always @(posedge clk)
    if (rst) begin wp <= 0; rp <= 0; end
    else begin
      if (s_valid & s_ready) begin mem[wp[1:0]] <= {s_last, s_data}; wp <= wp + 3'd1; end
      if (m_valid & m_ready) rp <= rp + 3'd1;
    end
endmodule
"""
ARBITER = """\
module arbiter (input clk, input rst,
    input [3:0] a_data, input a_valid, output a_ready, input [3:0] b_data, input b_valid, output b_ready,
    output [4:0] y_data, output y_valid, input y_ready);
  reg turn, locked, held;
  wire pick = locked ? held : b_valid & (turn | !a_valid);
  assign y_valid = a_valid | b_valid;
  assign y_data = pick ? {1'b1, b_data} : {1'b0, a_data};
  assign a_ready = y_ready & !pick;
  assign b_ready = y_ready & pick;
  always @(posedge clk)
    if (rst) begin turn <= 1'b0; locked <= 1'b0; end
    else begin
      locked <= y_valid & !y_ready;
      held <= pick;
      if (y_valid & y_ready) turn <= !pick;
    end
endmodule
"""
TALLY = """\
module tally (input clk, input rst, input add, input [3:0] step, input clear,
    output reg [7:0] total, output odd, output [1:0] version);
  assign odd = total[0];
  assign version = 2'd2;
  always @(posedge clk)
    if (rst | clear) total <= 8'd0;
    else if (add) total <= total + step;
endmodule
"""
LOOKUP = """\
module lookup (input clk, input rst,
    input [3:0] q_at, input q_valid, output q_ready,
    output [3:0] a_addr, output a_valid, input a_ready, input [7:0] d_word, input d_valid, output d_ready,
    output [7:0] r_word, output r_valid, input r_ready);
  localparam IDLE = 2'd0, ASK = 2'd1, WAIT = 2'd2, TELL = 2'd3;
  reg [1:0] state;
  reg [3:0] at;
  reg [7:0] word;
  assign q_ready = state == IDLE;
  assign a_valid = state == ASK;
  assign a_addr = at;
  assign d_ready = state == WAIT;
  assign r_valid = state == TELL;
  assign r_word = word;
  always @(posedge clk)
    if (rst) state <= IDLE;
    else case (state)
      IDLE: if (q_valid) begin at <= q_at; state <= ASK; end
      ASK: if (a_ready) state <= WAIT;
      WAIT: if (d_valid) begin word <= d_word; state <= TELL; end
      TELL: if (r_ready) state <= IDLE;
    endcase
endmodule
"""


def bits(signal: str, width: int) -> dict[str, object]:
    return {"signal": signal, "width": width}


def stream(kind: str, prefix: str, last: bool = False, **fields: int) -> dict[str, object]:
    port = {"kind": kind, "valid": f"{prefix}_valid", "ready": f"{prefix}_ready"}
    more = {"last": f"{prefix}_last"} if last else {}
    return port | more | {"fields": {name: bits(f"{prefix}_{name}", width) for name, width in fields.items()}}


PORTS: dict[str, dict[str, object]] = {
    "fifo": {"s": stream("source", "s", last=True, data=8), "m": stream("sink", "m", last=True, data=8)},
    "arbiter": {"a": stream("source", "a", data=4), "b": stream("source", "b", data=4),
                "y": stream("sink", "y", data=5)},
    "tally": {"add": {"kind": "strobe", "enable": "add", "fields": {"step": bits("step", 4)}},
              "clear": {"kind": "strobe", "enable": "clear"},
              "out": {"kind": "observe", "fields": {"total": bits("total", 8), "odd": bits("odd", 1),
                                                    "version": bits("version", 2)}}},
    "lookup": {"q": stream("source", "q", at=4),
               "mem": {"kind": "responder",
                       "request": {"valid": "a_valid", "ready": "a_ready", "fields": {"addr": bits("a_addr", 4)}},
                       "response": {"valid": "d_valid", "ready": "d_ready", "fields": {"word": bits("d_word", 8)}}},
               "r": stream("sink", "r", word=8)},
}  # fmt: skip
RTL = {"fifo": FIFO, "arbiter": ARBITER, "tally": TALLY, "lookup": LOOKUP}


def bare(room: Path, name: str, rtl: str = "", folder: str = "", **more: object) -> Path:
    """Write a design with nothing but its RTL; return its folder.

    Args:
        rtl: replaces the RTL of the design.
        folder: name of the folder, if not that of the design.
        more: further keys of design.yaml, or other values of them.
    """
    home = room / (folder or name)
    home.mkdir(parents=True)
    (home / f"{name}.v").write_text(rtl or RTL[name], encoding="utf-8")
    data = {"schema_version": 1, "name": name, "title": f"A {name}", "task_version": 1, "top": name,
            "sources": [f"{name}.v"], "ports": PORTS.get(name, {}), "limits": {"quiet_cycles": 30, "max_cycles": 3000},
            **more}  # fmt: skip
    (home / "design.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return home


def loaded(room: Path, name: str) -> DesignFolder:
    return load_design(bare(room, name))
