// For each command: reads a burst of BEATS words, writes them to the next BEATS places, each one higher.
// FAULT: 1 does not strobe the last word, 2 wlast comes a beat early, 3 the address changes while it waits
module axi_mover #(parameter BEATS = 4, parameter FAULT = 0) (
  input clk, input rst,
  input in_valid, output in_ready, input [3:0] in_place,
  output reg arvalid, input arready, output reg [15:0] araddr, output [7:0] arlen, output [1:0] arid,
  input rvalid, output rready, input [31:0] rdata, input [1:0] rresp, input rlast, input [1:0] rid,
  output reg awvalid, input awready, output reg [15:0] awaddr, output [7:0] awlen, output [1:0] awid,
  output reg wvalid, input wready, output [31:0] wdata, output [3:0] wstrb, output wlast,
  input bvalid, output bready, input [1:0] bresp, input [1:0] bid
);
  reg [31:0] words [0:BEATS-1];
  reg [3:0] got, sent;
  reg busy, held;
  assign in_ready = !busy;
  assign arlen = BEATS - 1;
  assign awlen = BEATS - 1;
  assign arid = 2;
  assign awid = 1;
  assign rready = 1;
  assign bready = 1;
  assign wdata = words[sent] + 1;
  assign wstrb = FAULT == 1 && sent == BEATS - 1 ? 4'd0 : 4'd15;
  assign wlast = sent == BEATS - 1 - (FAULT == 2);
  always @(posedge clk) begin
    if (in_valid & in_ready) begin
      busy <= 1;
      arvalid <= 1;
      araddr <= {6'd0, in_place, 2'd0, 4'd0};
      got <= 0;
    end
    if (arvalid & arready) arvalid <= 0;
    if (rvalid & rready) begin
      words[got] <= rdata;
      got <= got + 1;
      if (rlast) begin
        awvalid <= 1;
        awaddr <= araddr + 4 * BEATS;
        wvalid <= 1;
        sent <= 0;
      end
    end
    held <= awvalid & !awready;
    if (FAULT == 3 & held & awvalid & !awready) awaddr <= awaddr + 4;
    if (awvalid & awready) awvalid <= 0;
    if (wvalid & wready) begin
      sent <= sent + 1;
      if (wlast) wvalid <= 0;
    end
    if (bvalid & bready) busy <= 0;
    if (rst) begin
      {arvalid, awvalid, wvalid, busy, held} <= 0;
    end
  end
endmodule
