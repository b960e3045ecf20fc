module credit_queue #(parameter FAULT = 0) (
  input clk, input rst,
  input in_valid, input signed [7:0] in_x, output reg in_credit,
  input [3:0] in_bias, input in_mode,
  output out_valid, input out_ready, output signed [8:0] out_y,
  output [1:0] dbg_level
);
  // FAULT: 1 pays back for ever, 2 pays back nothing, 3 an unknown credit, 4 a credit right after reset, 5 adds one too much
  reg signed [8:0] words [0:1];
  reg [1:0] level;
  reg head, tail;
  wire take = out_valid & out_ready;
  assign out_valid = level != 0;
  assign out_y = words[head] + (FAULT == 5 ? 9'sd1 : 9'sd0);
  assign dbg_level = level;
  always @(posedge clk) begin
    in_credit <= FAULT == 1 ? take | (in_credit & level == 0) : FAULT == 2 ? 1'b0 : FAULT == 3 & take ? 1'bx : take;
    if (in_valid) begin
      // A mode of 1 takes the bias away instead of adding it.
      words[tail] <= in_mode ? in_x - $signed({1'b0, in_bias}) : in_x + $signed({1'b0, in_bias});
      tail <= ~tail;
    end
    if (take) head <= ~head;
    level <= level + in_valid - take;
    if (rst) begin
      level <= 0;
      head <= 0;
      tail <= 0;
      in_credit <= FAULT == 4;
    end
  end
endmodule
