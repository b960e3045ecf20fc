"""One block of every kind that strangers write, as small as its ports allow."""

from __future__ import annotations

FIFO = """
module fifo #(parameter DEPTH = 4, parameter WIDTH = 8, parameter BUG = 0) (
  input  wire             clk,
  input  wire             rst,
  input  wire [WIDTH-1:0] s_axis_tdata,
  input  wire             s_axis_tvalid,
  output wire             s_axis_tready,
  input  wire             s_axis_tlast,
  output wire [WIDTH-1:0] m_axis_tdata,
  output wire             m_axis_tvalid,
  input  wire             m_axis_tready,
  output wire             m_axis_tlast,
  output wire [2:0]       level
);
  reg [WIDTH:0] mem [0:DEPTH-1];
  reg [2:0] wr, rd;
  assign level = wr - rd;
  assign s_axis_tready = level < DEPTH + BUG;
  assign m_axis_tvalid = wr != rd;
  assign {m_axis_tlast, m_axis_tdata} = mem[rd[1:0]];
  always @(posedge clk) begin
    if (s_axis_tvalid & s_axis_tready) begin
      mem[wr[1:0]] <= {s_axis_tlast, s_axis_tdata};
      wr <= wr + 1;
    end
    if (m_axis_tvalid & m_axis_tready) rd <= rd + 1;
    if (rst) begin wr <= 0; rd <= 0; end
  end
endmodule
"""

PULP = """
package shapes_pkg;
  typedef struct packed { logic [3:0] kind; logic [7:0] value; } item_t;
endpackage
module queue import shapes_pkg::*; #(parameter type T = item_t) (
  input  logic clk_i, input  logic rst_ni, input  logic testmode_i, input logic flush_i,
  output logic usage_o,
  input  T data_i, input  logic valid_i, output logic ready_o,
  output T data_o, output logic valid_o, input  logic ready_i
);
  T held_q; logic full_q;
  assign ready_o = ~full_q;
  assign valid_o = full_q;
  assign data_o = held_q;
  assign usage_o = full_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin full_q <= 1'b0; held_q <= '0; end
    else if (flush_i) full_q <= 1'b0;
    else if (valid_i & ready_o) begin full_q <= 1'b1; held_q <= data_i; end
    else if (ready_i) full_q <= 1'b0;
  end
endmodule
"""

ARBITER = """
module join4 (input clk, input resetn, input [3:0] in_valid, output [3:0] in_ready, input [31:0] in_data,
              output reg out_valid, input out_ready, output reg [7:0] out_data, output reg [1:0] out_from);
  wire take = !out_valid | out_ready;
  wire [3:0] first = in_valid & (~in_valid + 4'd1);
  assign in_ready = take ? first : 4'd0;
  integer i;
  always @(posedge clk or negedge resetn)
    if (!resetn) begin out_valid <= 0; out_data <= 0; out_from <= 0; end
    else if (take) begin
      out_valid <= |in_valid;
      for (i = 0; i < 4; i = i + 1) if (first[i]) begin out_data <= in_data[8*i +: 8]; out_from <= i; end
    end
endmodule
"""

TWO_CLOCKS = """
module crossing (input wr_clk, input wr_rst_n, input rd_clk, input rd_rst_n, input [3:0] wr_data, input wr_valid,
                 output wr_ready, output [3:0] rd_data, output rd_valid, input rd_ready);
  reg req, ack, r1, r2, a1, a2;
  reg [3:0] held;
  assign wr_ready = req == a2;
  assign rd_valid = r2 != ack;
  assign rd_data = held;
  always @(posedge wr_clk or negedge wr_rst_n)
    if (!wr_rst_n) begin req <= 0; a1 <= 0; a2 <= 0; held <= 0; end
    else begin {a2, a1} <= {a1, ack}; if (wr_valid & wr_ready) begin held <= wr_data; req <= ~req; end end
  always @(posedge rd_clk or negedge rd_rst_n)
    if (!rd_rst_n) begin ack <= 0; r1 <= 0; r2 <= 0; end
    else begin {r2, r1} <= {r1, req}; if (rd_valid & rd_ready) ack <= ~ack; end
endmodule
"""

COMBINATIONAL = """
module count_ones (input [7:0] word, input scan_en, output [3:0] ones, output none);
  assign ones = word[0] + word[1] + word[2] + word[3] + word[4] + word[5] + word[6] + word[7];
  assign none = word == 0;
endmodule
"""

PUSH_POP = """
module stack (input clk, input rst, input push, input pop, input [7:0] din, output [7:0] dout, output full,
              output empty);
  reg [7:0] mem [0:3]; reg [2:0] n;
  assign full = n == 4; assign empty = n == 0; assign dout = empty ? 8'd0 : mem[n - 1];
  always @(posedge clk) if (rst) n <= 0; else begin
    if (push & !full) begin mem[n] <= din; n <= n + 1; end else if (pop & !empty) n <= n - 1;
  end
endmodule
"""

STRANGE_NAMES = """
module filter (input i_clk, input i_rst, input i_vld, output o_rdy, input [3:0] i_dat, output o_vld, input i_rdy,
               output [3:0] o_dat, input i_cfg);
  assign o_rdy = i_rdy; assign o_vld = i_vld; assign o_dat = i_cfg ? ~i_dat : i_dat;
endmodule
"""

APB = """
module regs (input pclk, input presetn, input psel, input penable, input pwrite, input [7:0] paddr, input [31:0] pwdata,
             output reg [31:0] prdata, output pready, output pslverr, output reg irq);
  reg [31:0] a, b;
  assign pready = 1'b1; assign pslverr = 1'b0;
  always @(posedge pclk or negedge presetn)
    if (!presetn) begin a <= 0; b <= 0; irq <= 0; prdata <= 0; end
    else begin
      irq <= a == b;
      if (psel & !penable) prdata <= paddr[2] ? b : a;
      if (psel & penable & pwrite) begin if (paddr[2]) b <= pwdata; else a <= pwdata; end
    end
endmodule
"""
