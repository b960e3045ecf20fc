// The registers: four are read, two are written; if both write the same one, port 1 wins.
module mips_registers (
    input  wire        clk,
    input  wire        rst,
    input  wire [19:0] raddr_i,  // four numbers, the first one in bits 4..0
    output wire [127:0] rdata_o,
    input  wire        we0_i,
    input  wire [4:0]  waddr0_i,
    input  wire [31:0] wdata0_i,
    input  wire        we1_i,
    input  wire [4:0]  waddr1_i,
    input  wire [31:0] wdata1_i
);
  reg [1023:0] values;  // register 0 first

  assign rdata_o = {values[{raddr_i[19:15], 5'd0} +: 32], values[{raddr_i[14:10], 5'd0} +: 32],
                    values[{raddr_i[9:5], 5'd0} +: 32], values[{raddr_i[4:0], 5'd0} +: 32]};

  always @(posedge clk) begin
    if (rst) values <= 1024'd0;
    else begin
      if (we0_i) values[{waddr0_i, 5'd0} +: 32] <= wdata0_i;
      if (we1_i) values[{waddr1_i, 5'd0} +: 32] <= wdata1_i;
    end
  end
endmodule
