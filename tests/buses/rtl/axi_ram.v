// One write and one read at a time; reads of odd ids take a cycle more for each beat.
// FAULT: 1 loses the last beat of a burst of more than two, 2 ends a read one beat early, 3 answers with a wrong id,
// 4 rlast with each beat, 5 answers no write of id 3, 6 bresp changes while it waits, 7 reads a wrong word
module axi_ram #(parameter FAULT = 0) (
  input aclk, input aresetn,
  input [1:0] awid, input [7:0] awaddr, input [7:0] awlen, input [2:0] awsize, input [1:0] awburst, input awvalid,
  output awready,
  input [31:0] wdata, input [3:0] wstrb, input wlast, input wvalid, output wready,
  output reg [1:0] bid, output reg [1:0] bresp, output reg bvalid, input bready,
  input [1:0] arid, input [7:0] araddr, input [7:0] arlen, input [2:0] arsize, input [1:0] arburst, input arvalid,
  output arready,
  output [1:0] rid, output reg [31:0] rdata, output [1:0] rresp, output rlast, output reg rvalid, input rready
);
  reg [31:0] words [0:63];
  reg writing, ended, reading, waited;
  reg [1:0] wid, id;
  reg [7:0] place, from, left, count;
  integer i;
  wire drop = FAULT == 1 & wlast & count > 1;
  assign awready = !writing & !ended;
  assign wready = writing;
  assign arready = !reading;
  assign rid = FAULT == 3 && from[4:2] == 5 ? id + 1 : id;
  assign rresp = 0;
  assign rlast = FAULT == 4 || left == (FAULT == 2 && from[7] ? 1 : 0);
  always @(posedge aclk) begin
    if (awvalid & awready) begin
      writing <= 1;
      wid <= awid;
      place <= awaddr;
      count <= 0;
    end
    if (wvalid & wready) begin
      for (i = 0; i < 4; i = i + 1) if (wstrb[i] & !drop) words[place[7:2]][8*i +: 8] <= wdata[8*i +: 8];
      place <= place + 4;
      count <= count + 1;
      if (wlast) begin
        writing <= 0;
        ended <= 1;
      end
    end
    if (ended & !bvalid) begin
      bvalid <= !(FAULT == 5 && wid == 3);
      bid <= wid;
      ended <= 0;
    end
    if (FAULT == 6 & bvalid & !bready) bresp <= 2;
    if (bvalid & bready) begin
      bvalid <= 0;
      bresp <= 0;
    end
    if (arvalid & arready) begin
      reading <= 1;
      waited <= !arid[0];
      id <= arid;
      from <= araddr;
      left <= arlen;
    end
    if (reading & !rvalid) begin
      waited <= 1;
      rvalid <= waited;
      rdata <= FAULT == 7 && from[4:2] == 5 ? 0 : words[from[7:2]];
    end
    if (rvalid & rready) begin
      from <= from + 4;
      left <= left - 1;
      rvalid <= 0;
      waited <= !id[0];
      if (rlast) reading <= 0;
    end
    if (!aresetn) begin
      {writing, ended, reading, bvalid, bresp, rvalid} <= 0;
      for (i = 0; i < 64; i = i + 1) words[i] <= 0;
    end
  end
endmodule
