// FAULT: 1 loses the data of a write whose address came first, 2 answers a write twice, 3 drops rvalid, 4 never answers
// a read of the last register, 5 changes rdata while it waits, 6 answers EXOKAY
module axil_regs #(parameter FAULT = 0) (
  input aclk, input aresetn,
  input awvalid, output awready, input [5:0] awaddr, input [2:0] awprot,
  input wvalid, output wready, input [31:0] wdata, input [3:0] wstrb,
  output reg bvalid, input bready, output [1:0] bresp,
  input arvalid, output arready, input [5:0] araddr, input [2:0] arprot,
  output reg rvalid, input rready, output reg [31:0] rdata, output [1:0] rresp
);
  reg [31:0] regs [0:15];
  reg have_a, have_w, first, again;
  reg [3:0] place, strobe;
  reg [31:0] word;
  reg [1:0] held;
  integer i;
  assign awready = !have_a;
  assign wready = !have_w;
  assign arready = !rvalid;
  assign bresp = FAULT == 6 ? 2'd1 : 2'd0;
  assign rresp = 2'd0;
  wire go = have_a & have_w & (!bvalid | bready);
  always @(posedge aclk) begin
    if (awvalid & awready) begin
      have_a <= 1;
      place <= awaddr[5:2];
      first <= !have_w & !wvalid;
    end
    if (wvalid & wready) begin
      have_w <= 1;
      word <= wdata;
      strobe <= wstrb;
    end
    if (bvalid & bready) begin
      bvalid <= FAULT == 2 & !again;
      again <= 1;
    end
    if (go) begin
      have_a <= 0;
      have_w <= 0;
      bvalid <= 1;
      again <= 0;
      if (!(FAULT == 1 & first))
        for (i = 0; i < 4; i = i + 1) if (strobe[i]) regs[place][8*i +: 8] <= word[8*i +: 8];
    end
    held <= rvalid & !rready ? held + 1 : 0;
    if (rvalid & (rready | (FAULT == 3 & held == 2))) rvalid <= 0;
    if (FAULT == 5 & rvalid & !rready) rdata <= rdata + 1;
    if (arvalid & arready) begin
      rvalid <= !(FAULT == 4 & araddr[5:2] == 15);
      rdata <= regs[araddr[5:2]];
    end
    if (!aresetn) begin
      {have_a, have_w, bvalid, rvalid, first, again, held} <= 0;
      for (i = 0; i < 16; i = i + 1) regs[i] <= 0;
    end
  end
endmodule
