// The newest value of a register: of the lanes' execute stages, of their write stages, or of the register file.
module mips_operand (
    input  wire [4:0]  register_i,
    input  wire [31:0] stored_i,
    input  wire [3:0]  valid_i,   // execute of lane 1, of lane 0, write of lane 1, of lane 0: the newest first
    input  wire [19:0] rd_i,      // in this order from bit 19 on
    input  wire [127:0] value_i,  // in this order from bit 127 on
    output reg  [31:0] value_o
);
  always @* begin
    if (register_i == 5'd0) value_o = 32'd0;
    else if (valid_i[3] && rd_i[19:15] == register_i) value_o = value_i[127:96];
    else if (valid_i[2] && rd_i[14:10] == register_i) value_o = value_i[95:64];
    else if (valid_i[1] && rd_i[9:5] == register_i) value_o = value_i[63:32];
    else if (valid_i[0] && rd_i[4:0] == register_i) value_o = value_i[31:0];
    else value_o = stored_i;
  end
endmodule
