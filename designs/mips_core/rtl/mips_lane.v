// One of the two lanes: execute and write, and the record of what has retired.
module mips_lane (
    input  wire        clk,
    input  wire        rst,
    input  wire        issue_i,    // a word enters execute
    input  wire        advance_i,  // execute ends, if there is a word in it
    input  wire [31:0] insn_i,
    input  wire [31:0] pc_i,
    input  wire        trap_i,
    input  wire        store_i,
    input  wire [4:0]  rd_i,
    input  wire [3:0]  operator_i,
    input  wire [31:0] a_i,
    input  wire [31:0] b_i,
    input  wire [31:0] data_i,     // of a store
    output reg         ex_valid_o,
    output reg         ex_store_o,
    output reg  [4:0]  ex_rd_o,
    output reg  [31:0] ex_result_o,
    output reg  [31:0] ex_data_o,
    output wire [1:0]  ex_size_o,
    output reg         valid_o,
    output reg  [31:0] insn_o,
    output reg  [31:0] pc_o,
    output reg         trap_o,
    output reg  [4:0]  rd_o,
    output reg  [31:0] value_o
);
  reg [31:0] ex_insn, ex_pc, ex_a, ex_b;
  reg        ex_trap;
  reg [3:0]  ex_operator;

  wire signed [31:0] signed_a = ex_a;
  wire signed [31:0] signed_b = ex_b;
  wire signed [31:0] shifted = signed_b >>> ex_a[4:0];

  always @* begin
    case (ex_operator)
      4'd0: ex_result_o = ex_a + ex_b;
      4'd1: ex_result_o = ex_a - ex_b;
      4'd2: ex_result_o = ex_a & ex_b;
      4'd3: ex_result_o = ex_a | ex_b;
      4'd4: ex_result_o = ex_a ^ ex_b;
      4'd5: ex_result_o = {31'd0, signed_a < signed_b};
      4'd6: ex_result_o = {31'd0, ex_a < ex_b};
      4'd7: ex_result_o = ex_b << ex_a[4:0];
      4'd8: ex_result_o = ex_b >> ex_a[4:0];
      4'd9: ex_result_o = shifted;
      default: ex_result_o = ex_b;
    endcase
  end

  assign ex_size_o = ex_insn[27:26];  // of a store: 0 a byte, 1 a half word, 3 a word

  always @(posedge clk) begin
    if (rst) begin
      ex_valid_o <= 1'b0;
      ex_store_o <= 1'b0;
      valid_o <= 1'b0;
      insn_o <= 32'd0;
      pc_o <= 32'd0;
      trap_o <= 1'b0;
      rd_o <= 5'd0;
      value_o <= 32'd0;
    end else begin
      valid_o <= ex_valid_o & advance_i;
      insn_o <= (ex_valid_o & advance_i) ? ex_insn : 32'd0;
      pc_o <= (ex_valid_o & advance_i) ? ex_pc : 32'd0;
      trap_o <= ex_valid_o & advance_i & ex_trap;
      rd_o <= (ex_valid_o & advance_i) ? ex_rd_o : 5'd0;
      value_o <= (ex_valid_o & advance_i & (ex_rd_o != 5'd0)) ? ex_result_o : 32'd0;
      if (advance_i) begin
        ex_valid_o <= issue_i;
        ex_store_o <= issue_i & store_i;
      end
    end
    if (advance_i & issue_i) begin
      ex_insn <= insn_i;
      ex_pc <= pc_i;
      ex_trap <= trap_i;
      ex_rd_o <= rd_i;
      ex_operator <= operator_i;
      ex_a <= a_i;
      ex_b <= b_i;
      ex_data_o <= data_i;
    end
  end
endmodule
