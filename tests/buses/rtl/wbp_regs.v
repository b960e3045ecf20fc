// Pipelined; every access takes two cycles in a pipe, and a third request in a row is stalled.
// FAULT: 1 loses a write behind another request, 2 acknowledges some twice, 3 never acknowledges the last register,
// 4 takes a request twice that a stall holds back, 5 ack comes with rty
module wbp_regs #(parameter FAULT = 0) (
  input clk, input rst,
  input cyc, input stb, input we, input [5:0] adr, input [31:0] dat_i, input [3:0] sel,
  output stall, output reg ack, output rty, output reg [31:0] dat_o
);
  reg [31:0] regs [0:15];
  reg first, write;
  reg [3:0] place, strobe;
  reg [31:0] word;
  reg [1:0] row;
  reg again, odd;
  integer i;
  assign stall = row == 2;
  assign rty = FAULT == 5 & ack & odd;
  wire take = cyc & stb & !stall;
  always @(posedge clk) begin
    row <= take ? row + 1 : 0;
    first <= take | (FAULT == 4 & cyc & stb & stall);
    write <= we;
    place <= adr[5:2];
    strobe <= sel;
    odd <= place[0];
    word <= dat_i;
    again <= FAULT == 2 & first & place == 8;
    ack <= (first & !(FAULT == 3 & place == 15)) | again;
    dat_o <= write ? 32'bx : regs[place];
    if (first & write & !(FAULT == 1 & take))
      for (i = 0; i < 4; i = i + 1) if (strobe[i]) regs[place][8*i +: 8] <= word[8*i +: 8];
    if (rst) begin
      {first, row, ack, again} <= 0;
      for (i = 0; i < 16; i = i + 1) regs[i] <= 0;
    end
  end
endmodule
