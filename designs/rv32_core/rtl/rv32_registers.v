// The 31 registers that hold a value: two are read, one is written. Register 0 reads as 0.
module rv32_registers (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire [4:0]  raddr_a_i,
    output wire [31:0] rdata_a_o,
    input  wire [4:0]  raddr_b_i,
    output wire [31:0] rdata_b_o,
    input  wire        we_i,
    input  wire [4:0]  waddr_i,
    input  wire [31:0] wdata_i
);
  reg [1023:0] values;  // register 0 first

  assign rdata_a_o = values[{raddr_a_i, 5'd0} +: 32];
  assign rdata_b_o = values[{raddr_b_i, 5'd0} +: 32];

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) values <= 1024'd0;
    else if (we_i && waddr_i != 5'd0) values[{waddr_i, 5'd0} +: 32] <= wdata_i;
  end
endmodule
