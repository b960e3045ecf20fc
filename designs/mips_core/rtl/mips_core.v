// A core for a subset of MIPS32 that issues two words at once: a stream of words in, a record of each that has retired out.
module mips_core (
    input  wire        clk,
    input  wire        rst,
    input  wire        instr_valid_i,
    output wire        instr_ready_o,
    input  wire [31:0] instr_i,
    output wire        store_valid_o,
    input  wire        store_ready_i,
    output wire [31:0] store_addr_o,
    output wire [3:0]  store_strb_o,
    output wire [31:0] store_data_o,
    output wire        retire0_valid_o,
    output wire [31:0] retire0_insn_o,
    output wire [31:0] retire0_pc_o,
    output wire        retire0_trap_o,
    output wire [4:0]  retire0_rd_o,
    output wire [31:0] retire0_value_o,
    output wire        retire1_valid_o,
    output wire [31:0] retire1_insn_o,
    output wire [31:0] retire1_pc_o,
    output wire [4:0]  retire1_rd_o,
    output wire [31:0] retire1_value_o
);
  localparam [31:0] BOOT = 32'hbfc00000, VECTOR = 32'hbfc00380;

  wire [2:0]  count;
  wire [31:0] insn_0, insn_1;
  wire [1:0]  take;

  mips_queue words (
      .clk(clk), .rst(rst), .valid_i(instr_valid_i), .ready_o(instr_ready_o), .word_i(instr_i), .count_o(count),
      .first_o(insn_0), .second_o(insn_1), .take_i(take)
  );

  wire [3:0]  operator_0, operator_1;
  wire [31:0] imm_0, imm_1;
  wire [4:0]  rd_0, rd_1;
  wire        use_imm_0, use_sa_0, unused_rs_0, unused_rt_0, store_0, jump_0, link_0, register_0, branch_0, trap_0;
  wire        use_imm_1, use_sa_1, reads_rs_1, reads_rt_1, store_1, jump_1, link_1, register_1, branch_1, trap_1;

  mips_decode decode_0 (
      .opcode_i(insn_0[31:26]), .insn_i(insn_0[20:0]), .operator_o(operator_0), .imm_o(imm_0), .use_imm_o(use_imm_0), .use_sa_o(use_sa_0),
      .reads_rs_o(unused_rs_0), .reads_rt_o(unused_rt_0), .rd_o(rd_0), .store_o(store_0), .jump_o(jump_0),
      .link_o(link_0), .register_o(register_0), .branch_o(branch_0), .trap_o(trap_0)
  );
  mips_decode decode_1 (
      .opcode_i(insn_1[31:26]), .insn_i(insn_1[20:0]), .operator_o(operator_1), .imm_o(imm_1), .use_imm_o(use_imm_1), .use_sa_o(use_sa_1),
      .reads_rs_o(reads_rs_1), .reads_rt_o(reads_rt_1), .rd_o(rd_1), .store_o(store_1), .jump_o(jump_1),
      .link_o(link_1), .register_o(register_1), .branch_o(branch_1), .trap_o(trap_1)
  );

  // What goes: both words, or the first one, or none.
  reg  waited;
  wire advance;
  wire goes_elsewhere_0 = jump_0 | register_0 | branch_0;
  wire reads_result = (rd_0 != 5'd0) & ((reads_rs_1 & (insn_1[25:21] == rd_0)) | (reads_rt_1 & (insn_1[20:16] == rd_0)));
  wire pair = ~goes_elsewhere_0 & ~trap_0 & ~trap_1 & ~reads_result & ~(store_0 & store_1);
  wire both = advance & (count >= 3'd2) & pair;
  wire one = advance & ((count >= 3'd2) ? ~pair : (count == 3'd1) & waited);
  assign take = {both, one};

  // Operands.
  wire [127:0] stored, newest_values;
  wire [3:0]   newest_valid;
  wire [19:0]  newest_rd;
  wire [31:0]  rs_0, rt_0, rs_1, rt_1;

  mips_operand operand_rs_0 (
      .register_i(insn_0[25:21]), .stored_i(stored[31:0]), .valid_i(newest_valid), .rd_i(newest_rd),
      .value_i(newest_values), .value_o(rs_0)
  );
  mips_operand operand_rt_0 (
      .register_i(insn_0[20:16]), .stored_i(stored[63:32]), .valid_i(newest_valid), .rd_i(newest_rd),
      .value_i(newest_values), .value_o(rt_0)
  );
  mips_operand operand_rs_1 (
      .register_i(insn_1[25:21]), .stored_i(stored[95:64]), .valid_i(newest_valid), .rd_i(newest_rd),
      .value_i(newest_values), .value_o(rs_1)
  );
  mips_operand operand_rt_1 (
      .register_i(insn_1[20:16]), .stored_i(stored[127:96]), .valid_i(newest_valid), .rd_i(newest_rd),
      .value_i(newest_values), .value_o(rt_1)
  );

  // Addresses: of the first word, of the one after it, and of the one after both. A jump changes the one after the next.
  reg  [31:0] pc, next_pc;
  wire [31:0] third_pc = next_pc + 32'd4;
  wire [31:0] fourth_pc = next_pc + 32'd8;
  wire        taken_0 = branch_0 & ((rs_0 == rt_0) != insn_0[26]);
  wire        taken_1 = branch_1 & ((rs_1 == rt_1) != insn_1[26]);
  wire [31:0] target_0 = register_0 ? {rs_0[31:2], 2'b00} : jump_0 ? {next_pc[31:28], insn_0[25:0], 2'b00}
                         : next_pc + {imm_0[29:0], 2'b00};
  wire [31:0] target_1 = register_1 ? {rs_1[31:2], 2'b00} : jump_1 ? {third_pc[31:28], insn_1[25:0], 2'b00}
                         : third_pc + {imm_1[29:0], 2'b00};

  always @(posedge clk) begin
    if (rst) begin
      pc <= BOOT;
      next_pc <= BOOT + 32'd4;
      waited <= 1'b0;
    end else begin
      waited <= (count == 3'd1) & ~one;
      if (both) begin
        pc <= third_pc;
        next_pc <= (jump_1 | register_1 | taken_1) ? target_1 : fourth_pc;
      end else if (one) begin
        pc <= trap_0 ? VECTOR : next_pc;
        next_pc <= trap_0 ? VECTOR + 32'd4 : (jump_0 | register_0 | taken_0) ? target_0 : third_pc;
      end
    end
  end

  // The lanes.
  wire        ex_valid_0, ex_valid_1, ex_store_0, ex_store_1, unused_trap_1;
  wire [4:0]  ex_rd_0, ex_rd_1;
  wire [31:0] ex_result_0, ex_result_1, ex_data_0, ex_data_1;
  wire [1:0]  ex_size_0, ex_size_1;

  mips_lane lane_0 (
      .clk(clk), .rst(rst), .issue_i(one | both), .advance_i(advance), .insn_i(insn_0), .pc_i(pc), .trap_i(trap_0),
      .store_i(store_0), .rd_i(rd_0), .operator_i(operator_0), .a_i(use_sa_0 ? {27'd0, insn_0[10:6]} : rs_0),
      .b_i(link_0 ? third_pc : use_imm_0 ? imm_0 : rt_0), .data_i(rt_0), .ex_valid_o(ex_valid_0),
      .ex_store_o(ex_store_0), .ex_rd_o(ex_rd_0), .ex_result_o(ex_result_0), .ex_data_o(ex_data_0),
      .ex_size_o(ex_size_0), .valid_o(retire0_valid_o), .insn_o(retire0_insn_o), .pc_o(retire0_pc_o),
      .trap_o(retire0_trap_o), .rd_o(retire0_rd_o), .value_o(retire0_value_o)
  );
  mips_lane lane_1 (
      .clk(clk), .rst(rst), .issue_i(both), .advance_i(advance), .insn_i(insn_1), .pc_i(next_pc), .trap_i(1'b0),
      .store_i(store_1), .rd_i(rd_1), .operator_i(operator_1), .a_i(use_sa_1 ? {27'd0, insn_1[10:6]} : rs_1),
      .b_i(link_1 ? fourth_pc : use_imm_1 ? imm_1 : rt_1), .data_i(rt_1), .ex_valid_o(ex_valid_1),
      .ex_store_o(ex_store_1), .ex_rd_o(ex_rd_1), .ex_result_o(ex_result_1), .ex_data_o(ex_data_1),
      .ex_size_o(ex_size_1), .valid_o(retire1_valid_o), .insn_o(retire1_insn_o), .pc_o(retire1_pc_o),
      .trap_o(unused_trap_1), .rd_o(retire1_rd_o), .value_o(retire1_value_o)
  );

  assign newest_valid = {ex_valid_1, ex_valid_0, retire1_valid_o, retire0_valid_o};
  assign newest_rd = {ex_rd_1, ex_rd_0, retire1_rd_o, retire0_rd_o};
  assign newest_values = {ex_result_1, ex_result_0, retire1_value_o, retire0_value_o};

  mips_registers file (
      .clk(clk), .rst(rst), .raddr_i({insn_1[20:16], insn_1[25:21], insn_0[20:16], insn_0[25:21]}), .rdata_o(stored),
      .we0_i(retire0_valid_o & (retire0_rd_o != 5'd0)), .waddr0_i(retire0_rd_o), .wdata0_i(retire0_value_o),
      .we1_i(retire1_valid_o & (retire1_rd_o != 5'd0)), .waddr1_i(retire1_rd_o), .wdata1_i(retire1_value_o)
  );

  // The only store that is in execute.
  wire [31:0] address = ex_store_0 ? ex_result_0 : ex_result_1;
  wire [31:0] data = ex_store_0 ? ex_data_0 : ex_data_1;
  wire [1:0]  size = ex_store_0 ? ex_size_0 : ex_size_1;
  assign store_valid_o = ex_store_0 | ex_store_1;
  assign store_addr_o = {address[31:2], 2'b00};
  assign store_strb_o = size[1] ? 4'b1111 : size[0] ? 4'b0011 << {address[1], 1'b0} : 4'b0001 << address[1:0];
  assign store_data_o = size[1] ? data : size[0] ? data << {address[1], 4'b0000} : data << {address[1:0], 3'b000};
  assign advance = ~store_valid_o | store_ready_i;
endmodule
