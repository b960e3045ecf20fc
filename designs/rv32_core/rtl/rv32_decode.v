// What a word asks for; logic alone.
module rv32_decode (
    input  wire [31:0] insn_i,
    output reg  [31:0] imm_o,
    output reg  [3:0]  operator_o,  // bit 3: subtract, or shift arithmetically; bits 2..0: funct3
    output reg         use_imm_o,   // operand B is the immediate
    output reg         use_pc_o,    // operand A is the program counter
    output reg         writes_o,    // a register is written
    output reg         load_o,
    output reg         store_o,
    output reg         jump_o,      // JAL, JALR
    output reg         branch_o,
    output reg         trap_o       // no instruction, ECALL or EBREAK
);
  wire [2:0] funct3 = insn_i[14:12];
  wire [6:0] funct7 = insn_i[31:25];
  wire [31:0] imm_i = {{20{insn_i[31]}}, insn_i[31:20]};
  wire [31:0] imm_s = {{20{insn_i[31]}}, insn_i[31:25], insn_i[11:7]};
  wire [31:0] imm_b = {{20{insn_i[31]}}, insn_i[7], insn_i[30:25], insn_i[11:8], 1'b0};
  wire [31:0] imm_u = {insn_i[31:12], 12'b0};
  wire [31:0] imm_j = {{12{insn_i[31]}}, insn_i[19:12], insn_i[20], insn_i[30:21], 1'b0};
  wire alternative = funct7 == 7'b0100000;

  always @* begin
    imm_o = imm_i;
    operator_o = 4'd0;
    use_imm_o = 1'b1;
    use_pc_o = 1'b0;
    writes_o = 1'b0;
    load_o = 1'b0;
    store_o = 1'b0;
    jump_o = 1'b0;
    branch_o = 1'b0;
    trap_o = 1'b0;
    case (insn_i[6:0])
      7'b0110111: begin  // LUI: 0 + immediate
        writes_o = 1'b1;
        imm_o = imm_u;
      end
      7'b0010111: begin  // AUIPC
        writes_o = 1'b1;
        use_pc_o = 1'b1;
        imm_o = imm_u;
      end
      7'b1101111: begin  // JAL
        writes_o = 1'b1;
        jump_o = 1'b1;
        use_pc_o = 1'b1;
        imm_o = imm_j;
      end
      7'b1100111: begin  // JALR
        writes_o = 1'b1;
        jump_o = 1'b1;
        trap_o = funct3 != 3'd0;
      end
      7'b1100011: begin
        branch_o = 1'b1;
        use_pc_o = 1'b1;
        imm_o = imm_b;
        trap_o = funct3[2:1] == 2'b01;
      end
      7'b0000011: begin
        writes_o = 1'b1;
        load_o = 1'b1;
        trap_o = funct3 == 3'd3 || funct3[2:1] == 2'b11;
      end
      7'b0100011: begin
        store_o = 1'b1;
        imm_o = imm_s;
        trap_o = funct3[2] || funct3[1:0] == 2'b11;
      end
      7'b0010011: begin  // register and immediate
        writes_o = 1'b1;
        operator_o = {funct3 == 3'd5 && funct7[5], funct3};
        case (funct3)
          3'd1: trap_o = funct7 != 7'd0;
          3'd5: trap_o = funct7 != 7'd0 && !alternative;
          default: trap_o = 1'b0;
        endcase
      end
      7'b0110011: begin  // two registers
        writes_o = 1'b1;
        use_imm_o = 1'b0;
        operator_o = {funct7[5], funct3};
        trap_o = funct7 != 7'd0 && !(alternative && (funct3 == 3'd0 || funct3 == 3'd5));
      end
      7'b0001111: trap_o = funct3 != 3'd0;  // FENCE: nothing is reordered here
      default: trap_o = 1'b1;
    endcase
  end
endmodule
