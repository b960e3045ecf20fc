// FAULT: 1 loses a write that follows a write, 2 reads X after a write, 3 reads one bit wrong, 4 is never ready for the
// last register, 5 answers some accesses with an error
module apb_regs #(parameter FAULT = 0, parameter WAIT = 0) (
  input pclk, input presetn,
  input psel, input penable, input pwrite, input [5:0] paddr, input [31:0] pwdata, input [3:0] pstrb,
  output [31:0] prdata, output pready, output pslverr
);
  reg [31:0] regs [0:15];
  reg [2:0] count;
  reg wrote;
  integer i;
  wire [3:0] place = paddr[5:2];
  wire done = psel & penable & pready;
  wire [31:0] word = regs[place];
  assign pready = count >= WAIT && !(FAULT == 4 && place == 15);
  assign prdata = FAULT == 2 && wrote ? {32{1'bx}} : FAULT == 3 ? word ^ (place[0] ? 32'h100 : 0) : word;
  assign pslverr = FAULT == 5 && place == 7 && penable;
  always @(posedge pclk) begin
    count <= psel & penable & !pready ? count + 1 : 0;
    if (done) wrote <= pwrite;
    if (done && pwrite && !(FAULT == 1 && wrote))
      for (i = 0; i < 4; i = i + 1) if (pstrb[i]) regs[place][8*i +: 8] <= pwdata[8*i +: 8];
    if (!presetn) begin
      count <= 0;
      wrote <= 0;
      for (i = 0; i < 16; i = i + 1) regs[i] <= 0;
    end
  end
endmodule
