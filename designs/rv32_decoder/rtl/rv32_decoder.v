// Decoder of 32-bit RISC-V instructions: RV32IM, Zicsr and Zifencei. Combinational.
//
// Its outputs are named like those of the decoders of small cores: register file ports, ALU operator and operands,
// multiplier, divider, memory access. Where `illegal_insn_o` is high, nothing is read, written or accessed. See ../spec.md.
module rv32_decoder (
    input wire [31:0] insn_i,
    output wire illegal_insn_o,
    output wire rf_ren_a_o,
    output wire rf_ren_b_o,
    output wire rf_we_o,
    output wire [4:0] rf_raddr_a_o,
    output wire [4:0] rf_raddr_b_o,
    output wire [4:0] rf_waddr_o,
    output reg rf_wdata_sel_o,  // 0: ALU, 1: CSR
    output wire [3:0] alu_operator_o,
    output reg [1:0] alu_op_a_mux_sel_o,  // 0: register, 1: PC, 2: zero
    output reg alu_op_b_mux_sel_o,  // 0: register, 1: immediate
    output reg [31:0] imm_o,
    output wire mult_en_o,
    output wire div_en_o,
    output wire data_req_o,
    output reg data_we_o,
    output reg [1:0] data_type_o,  // 0: word, 1: half word, 2: byte
    output reg data_sign_extension_o,
    output wire jump_o,
    output wire branch_o,
    output wire csr_access_o
);

  localparam [3:0] ADD = 4'd0, SUB = 4'd1, OR = 4'd2, XOR = 4'd3, AND = 4'd4, SLL = 4'd5, SRL = 4'd6, SRA = 4'd7;
  localparam [3:0] SLT = 4'd8, SLTU = 4'd9, EQ = 4'd10, NE = 4'd11, GE = 4'd12, GEU = 4'd13;
  localparam [1:0] FROM_REGISTER = 2'd0, FROM_PC = 2'd1, FROM_ZERO = 2'd2;

  reg illegal, ren_a, ren_b, we, mult, div, request, jump, branch, csr;
  reg [3:0] operator;

  wire [2:0] funct3 = insn_i[14:12];
  wire [6:0] funct7 = insn_i[31:25];
  wire [31:0] imm_i = {{20{insn_i[31]}}, insn_i[31:20]};
  wire [31:0] imm_s = {{20{insn_i[31]}}, insn_i[31:25], insn_i[11:7]};
  wire [31:0] imm_b = {{19{insn_i[31]}}, insn_i[31], insn_i[7], insn_i[30:25], insn_i[11:8], 1'b0};
  wire [31:0] imm_u = {insn_i[31:12], 12'b0};
  wire [31:0] imm_j = {{12{insn_i[31]}}, insn_i[19:12], insn_i[20], insn_i[30:21], 1'b0};

  always @* begin
    illegal = 1'b0;
    ren_a = 1'b0;
    ren_b = 1'b0;
    we = 1'b0;
    mult = 1'b0;
    div = 1'b0;
    request = 1'b0;
    jump = 1'b0;
    branch = 1'b0;
    csr = 1'b0;
    operator = ADD;
    alu_op_a_mux_sel_o = FROM_REGISTER;
    alu_op_b_mux_sel_o = 1'b1;
    rf_wdata_sel_o = 1'b0;
    data_we_o = 1'b0;
    data_type_o = 2'd0;
    data_sign_extension_o = 1'b0;
    imm_o = imm_i;

    case (insn_i[6:0])
      7'b0110111: begin  // LUI
        we = 1'b1;
        alu_op_a_mux_sel_o = FROM_ZERO;
        imm_o = imm_u;
      end
      7'b0010111: begin  // AUIPC
        we = 1'b1;
        alu_op_a_mux_sel_o = FROM_PC;
        imm_o = imm_u;
      end
      7'b1101111: begin  // JAL
        we = 1'b1;
        jump = 1'b1;
        alu_op_a_mux_sel_o = FROM_PC;
        imm_o = imm_j;
      end
      7'b1100111: begin  // JALR
        ren_a = 1'b1;
        we = 1'b1;
        jump = 1'b1;
        alu_op_a_mux_sel_o = FROM_PC;
        illegal = funct3 != 3'b000;
      end
      7'b1100011: begin  // branches
        ren_a = 1'b1;
        ren_b = 1'b1;
        branch = 1'b1;
        alu_op_b_mux_sel_o = 1'b0;
        imm_o = imm_b;
        case (funct3)
          3'b000: operator = EQ;
          3'b001: operator = NE;
          3'b100: operator = SLT;
          3'b101: operator = GE;
          3'b110: operator = SLTU;
          3'b111: operator = GEU;
          default: illegal = 1'b1;
        endcase
      end
      7'b0000011: begin  // loads
        ren_a = 1'b1;
        request = 1'b1;
        data_sign_extension_o = ~funct3[2];
        case (funct3[1:0])
          2'b00: data_type_o = 2'd2;
          2'b01: data_type_o = 2'd1;
          2'b10: illegal = funct3[2];
          default: illegal = 1'b1;
        endcase
      end
      7'b0100011: begin  // stores
        ren_a = 1'b1;
        ren_b = 1'b1;
        request = 1'b1;
        data_we_o = 1'b1;
        imm_o = imm_s;
        case (funct3)
          3'b000: data_type_o = 2'd2;
          3'b001: data_type_o = 2'd1;
          3'b010: data_type_o = 2'd0;
          default: illegal = 1'b1;
        endcase
      end
      7'b0010011: begin  // register and immediate
        ren_a = 1'b1;
        we = 1'b1;
        case (funct3)
          3'b000: operator = ADD;
          3'b010: operator = SLT;
          3'b011: operator = SLTU;
          3'b100: operator = XOR;
          3'b110: operator = OR;
          3'b111: operator = AND;
          3'b001: begin
            operator = SLL;
            illegal = funct7 != 7'b0;
          end
          default: begin
            operator = funct7[5] ? SRA : SRL;
            illegal = (funct7 & 7'b1011111) != 7'b0;
          end
        endcase
      end
      7'b0110011: begin  // two registers
        ren_a = 1'b1;
        ren_b = 1'b1;
        we = 1'b1;
        alu_op_b_mux_sel_o = 1'b0;
        if (funct7 == 7'b0000001) begin
          mult = ~funct3[2];
          div = funct3[2];
        end else begin
          case ({funct7, funct3})
            {7'b0000000, 3'b000}: operator = ADD;
            {7'b0100000, 3'b000}: operator = SUB;
            {7'b0000000, 3'b001}: operator = SLL;
            {7'b0000000, 3'b010}: operator = SLT;
            {7'b0000000, 3'b011}: operator = SLTU;
            {7'b0000000, 3'b100}: operator = XOR;
            {7'b0000000, 3'b101}: operator = SRL;
            {7'b0100000, 3'b101}: operator = SRA;
            {7'b0000000, 3'b110}: operator = OR;
            {7'b0000000, 3'b111}: operator = AND;
            default: illegal = 1'b1;
          endcase
        end
      end
      7'b0001111: illegal = funct3[2:1] != 2'b00;  // FENCE, FENCE.I
      7'b1110011: begin
        if (funct3 == 3'b000) begin  // ECALL, EBREAK, MRET, WFI
          case (insn_i[31:20])
            12'h000, 12'h001, 12'h302, 12'h105: illegal = (insn_i[19:15] != 5'b0) || (insn_i[11:7] != 5'b0);
            default: illegal = 1'b1;
          endcase
        end else begin  // CSR instructions
          csr = 1'b1;
          we = 1'b1;
          ren_a = ~funct3[2];
          rf_wdata_sel_o = 1'b1;
          illegal = funct3[1:0] == 2'b00;
        end
      end
      default: illegal = 1'b1;
    endcase
  end

  assign illegal_insn_o = illegal;
  assign rf_ren_a_o = ren_a & ~illegal;
  assign rf_ren_b_o = ren_b & ~illegal;
  assign rf_we_o = we & ~illegal;
  assign mult_en_o = mult & ~illegal;
  assign div_en_o = div & ~illegal;
  assign data_req_o = request & ~illegal;
  assign jump_o = jump & ~illegal;
  assign branch_o = branch & ~illegal;
  assign csr_access_o = csr & ~illegal;
  assign alu_operator_o = operator;
  assign rf_raddr_a_o = insn_i[19:15];
  assign rf_raddr_b_o = insn_i[24:20];
  assign rf_waddr_o = insn_i[11:7];
endmodule
