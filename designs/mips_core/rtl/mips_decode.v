// What a word asks for; logic alone.
module mips_decode (
    input  wire [5:0]  opcode_i,
    input  wire [20:0] insn_i,  // the word without opcode and rs
    output reg  [3:0]  operator_o,
    output reg  [31:0] imm_o,
    output reg         use_imm_o,   // the second operand is the immediate
    output reg         use_sa_o,    // the first operand is the field sa
    output reg         reads_rs_o,
    output reg         reads_rt_o,
    output reg  [4:0]  rd_o,        // the register that is written; 0 if there is none
    output reg         store_o,
    output reg         jump_o,      // J, JAL
    output reg         link_o,      // JAL
    output reg         register_o,  // JR
    output reg         branch_o,    // BEQ, BNE
    output reg         trap_o       // no instruction
);
  localparam [3:0] ADD = 4'd0, SUB = 4'd1, AND = 4'd2, OR = 4'd3, XOR = 4'd4, SLT = 4'd5, SLTU = 4'd6, SLL = 4'd7;
  localparam [3:0] SRL = 4'd8, SRA = 4'd9, PASS = 4'd10;

  wire [31:0] with_sign = {{16{insn_i[15]}}, insn_i[15:0]};
  wire [31:0] with_zeros = {16'd0, insn_i[15:0]};

  always @* begin
    operator_o = ADD;
    imm_o = with_sign;
    use_imm_o = 1'b1;
    use_sa_o = 1'b0;
    reads_rs_o = 1'b1;
    reads_rt_o = 1'b0;
    rd_o = insn_i[20:16];
    store_o = 1'b0;
    jump_o = 1'b0;
    link_o = 1'b0;
    register_o = 1'b0;
    branch_o = 1'b0;
    trap_o = 1'b0;
    case (opcode_i)
      6'd0: begin
        use_imm_o = 1'b0;
        reads_rt_o = 1'b1;
        rd_o = insn_i[15:11];
        case (insn_i[5:0])
          6'd0: begin
            operator_o = SLL;
            use_sa_o = 1'b1;
            reads_rs_o = 1'b0;
          end
          6'd2: operator_o = SRL;
          6'd3: operator_o = SRA;
          6'd8: begin
            register_o = 1'b1;
            reads_rt_o = 1'b0;
            rd_o = 5'd0;
          end
          6'd15: operator_o = SLL;
          6'd32, 6'd33: operator_o = ADD;
          6'd34, 6'd35: operator_o = SUB;
          6'd36: operator_o = AND;
          6'd37: operator_o = OR;
          6'd38: operator_o = XOR;
          6'd42: operator_o = SLT;
          6'd43: operator_o = SLTU;
          default: trap_o = 1'b1;
        endcase
      end
      6'd2, 6'd3: begin
        jump_o = 1'b1;
        link_o = opcode_i[0];
        operator_o = PASS;
        reads_rs_o = 1'b0;
        rd_o = {5{opcode_i[0]}};
      end
      6'd4, 6'd5: begin
        branch_o = 1'b1;
        reads_rt_o = 1'b1;
        rd_o = 5'd0;
      end
      6'd8, 6'd9: operator_o = ADD;
      6'd10: operator_o = SLT;
      6'd11: operator_o = SLTU;
      6'd12: begin
        operator_o = AND;
        imm_o = with_zeros;
      end
      6'd13: begin
        operator_o = OR;
        imm_o = with_zeros;
      end
      6'd14: begin
        operator_o = XOR;
        imm_o = with_zeros;
      end
      6'd15: begin
        operator_o = PASS;
        imm_o = {insn_i[15:0], 16'd0};
        reads_rs_o = 1'b0;
      end
      6'd40, 6'd41, 6'd43: begin
        store_o = 1'b1;
        reads_rt_o = 1'b1;
        rd_o = 5'd0;
      end
      default: trap_o = 1'b1;
    endcase
    if (trap_o) rd_o = 5'd0;
  end
endmodule
