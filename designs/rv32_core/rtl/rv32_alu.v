// The ten operations on two operands, and the six comparisons of branches; logic alone.
module rv32_alu (
    input  wire [3:0]  operator_i,  // bit 3: subtract, or shift arithmetically; bits 2..0: funct3
    input  wire [31:0] a_i,
    input  wire [31:0] b_i,
    output reg  [31:0] result_o,
    input  wire [2:0]  condition_i,  // funct3 of a branch
    input  wire [31:0] left_i,
    input  wire [31:0] right_i,
    output wire        taken_o
);
  wire [4:0] amount = b_i[4:0];
  wire signed [31:0] signed_a = a_i;
  wire signed [31:0] signed_b = b_i;
  wire signed [31:0] shifted = signed_a >>> amount;

  always @* begin
    case (operator_i[2:0])
      3'd0: result_o = operator_i[3] ? a_i - b_i : a_i + b_i;
      3'd1: result_o = a_i << amount;
      3'd2: result_o = {31'd0, signed_a < signed_b};
      3'd3: result_o = {31'd0, a_i < b_i};
      3'd4: result_o = a_i ^ b_i;
      3'd5: result_o = operator_i[3] ? shifted : a_i >> amount;
      3'd6: result_o = a_i | b_i;
      default: result_o = a_i & b_i;
    endcase
  end

  wire signed [31:0] signed_left = left_i;
  wire signed [31:0] signed_right = right_i;
  wire less = condition_i[1] ? left_i < right_i : signed_left < signed_right;
  assign taken_o = (condition_i[2] ? less : left_i == right_i) != condition_i[0];
endmodule
