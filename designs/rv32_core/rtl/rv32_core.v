// A core for RV32I: a stream of words in, a record of each that has retired out. Three stages: decode, execute, write.
module rv32_core (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire        instr_valid_i,
    output wire        instr_ready_o,
    input  wire [31:0] instr_i,
    output wire [31:0] instr_addr_o,
    output wire        data_req_o,
    input  wire        data_gnt_i,
    output wire        data_we_o,
    output wire [3:0]  data_be_o,
    output wire [31:0] data_addr_o,
    output wire [31:0] data_wdata_o,
    input  wire        data_rvalid_i,
    input  wire [31:0] data_rdata_i,
    output wire        rvfi_valid_o,
    output wire [31:0] rvfi_insn_o,
    output wire        rvfi_trap_o,
    output wire [4:0]  rvfi_rd_addr_o,
    output wire [31:0] rvfi_rd_wdata_o,
    output wire [31:0] rvfi_pc_rdata_o,
    output wire [31:0] rvfi_pc_wdata_o
);
  localparam [31:0] BOOT = 32'h00100080, VECTOR = 32'h00100000;
  localparam [1:0] ASK = 2'd0, WAIT = 2'd1, HAVE = 2'd2;

  // Decode.
  reg         id_valid;
  reg  [31:0] id_insn, id_pc, pc;
  wire [31:0] id_imm;
  wire [3:0]  id_operator;
  wire        id_use_imm, id_use_pc, id_writes, id_load, id_store, id_jump, id_branch, id_trap;
  wire        id_redirects = id_jump | id_branch | id_trap;

  rv32_decode decoder (
      .insn_i(id_insn), .imm_o(id_imm), .operator_o(id_operator), .use_imm_o(id_use_imm), .use_pc_o(id_use_pc),
      .writes_o(id_writes), .load_o(id_load), .store_o(id_store), .jump_o(id_jump), .branch_o(id_branch),
      .trap_o(id_trap)
  );

  // Execute.
  reg         ex_valid, ex_use_imm, ex_use_pc, ex_load, ex_store, ex_jump, ex_branch, ex_trap;
  reg  [31:0] ex_insn, ex_pc, ex_imm, ex_a, ex_b, loaded;
  reg  [4:0]  ex_rd;
  reg  [3:0]  ex_operator;
  reg  [1:0]  access;
  wire        ex_accesses = ex_load | ex_store;
  wire        ex_done = ex_valid & (~ex_accesses | (access == HAVE));
  wire        ex_redirects = ex_jump | ex_branch | ex_trap;
  wire [31:0] alu_result;
  wire        taken;

  rv32_alu unit (
      .operator_i(ex_operator), .a_i(ex_a), .b_i(ex_use_imm ? ex_imm : ex_b), .result_o(alu_result),
      .condition_i(ex_insn[14:12]), .left_i(ex_a), .right_i(ex_b), .taken_o(taken)
  );

  wire [31:0] next_pc = ex_pc + 32'd4;
  wire [31:0] sum = (ex_use_pc ? ex_pc : ex_a) + ex_imm;
  wire [31:0] target = {sum[31:2], 2'b00};
  wire [4:0]  lane = {sum[1:0], 3'b000};
  wire [15:0] half = sum[1] ? loaded[31:16] : loaded[15:0];
  wire [7:0]  one_byte = sum[0] ? half[15:8] : half[7:0];
  reg  [31:0] value, ex_next;

  always @* begin
    case (ex_insn[14:12])
      3'd0: value = {{24{one_byte[7]}}, one_byte};
      3'd1: value = {{16{half[15]}}, half};
      3'd4: value = {24'd0, one_byte};
      3'd5: value = {16'd0, half};
      default: value = loaded;
    endcase
    if (ex_trap) ex_next = VECTOR;
    else if (ex_jump | (ex_branch & taken)) ex_next = target;
    else ex_next = next_pc;
  end

  wire [31:0] ex_result = ex_load ? value : ex_jump ? next_pc : ex_use_pc ? sum : alu_result;

  assign data_req_o = ex_valid & ex_accesses & (access == ASK);
  assign data_we_o = ex_store;
  assign data_be_o = ex_insn[13] ? 4'b1111 : ex_insn[12] ? 4'b0011 << {sum[1], 1'b0} : 4'b0001 << sum[1:0];
  assign data_addr_o = {sum[31:2], 2'b00};
  assign data_wdata_o = ex_insn[13] ? ex_b : ex_insn[12] ? ex_b << {sum[1], 4'b0000} : ex_b << lane;

  // Write: the record that is shown, and what the register file takes at the end of the cycle.
  reg         wb_valid, wb_trap;
  reg  [31:0] wb_insn, wb_pc, wb_next, wb_data;
  reg  [4:0]  wb_rd;
  wire [31:0] stored_a, stored_b;

  rv32_registers file (
      .clk_i(clk_i), .rst_ni(rst_ni), .raddr_a_i(id_insn[19:15]), .rdata_a_o(stored_a), .raddr_b_i(id_insn[24:20]),
      .rdata_b_o(stored_b), .we_i(wb_valid), .waddr_i(wb_rd), .wdata_i(wb_data)
  );

  // What is read: the newest value that an instruction before this one has made.
  wire id_reads_0 = id_insn[6:0] == 7'b0110111;  // LUI
  wire [4:0] rs1 = id_reads_0 ? 5'd0 : id_insn[19:15];
  wire [4:0] rs2 = id_insn[24:20];
  reg [31:0] read_a, read_b;

  always @* begin
    if (rs1 == 5'd0) read_a = 32'd0;
    else if (ex_valid && ex_rd == rs1) read_a = ex_result;
    else if (wb_valid && wb_rd == rs1) read_a = wb_data;
    else read_a = stored_a;
    if (rs2 == 5'd0) read_b = 32'd0;
    else if (ex_valid && ex_rd == rs2) read_b = ex_result;
    else if (wb_valid && wb_rd == rs2) read_b = wb_data;
    else read_b = stored_b;
  end

  wire id_moves = id_valid & (~ex_valid | ex_done);
  assign instr_ready_o = ~(ex_valid & ex_redirects) & (~id_valid | (id_moves & ~id_redirects));
  assign instr_addr_o = pc;
  wire accepts = instr_valid_i & instr_ready_o;

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pc <= BOOT;
      id_valid <= 1'b0;
      ex_valid <= 1'b0;
      wb_valid <= 1'b0;
      access <= ASK;
    end else begin
      if (accepts) pc <= pc + 32'd4;
      else if (ex_done & ex_redirects) pc <= ex_next;
      id_valid <= accepts | (id_valid & ~id_moves);
      ex_valid <= id_moves | (ex_valid & ~ex_done);
      wb_valid <= ex_done;
      if (ex_done) access <= ASK;
      else if (data_req_o & data_gnt_i) access <= WAIT;
      else if ((access == WAIT) & data_rvalid_i) access <= HAVE;
    end
  end

  always @(posedge clk_i) begin
    if (accepts) begin
      id_insn <= instr_i;
      id_pc <= pc;
    end
    if (id_moves) begin
      ex_insn <= id_insn;
      ex_pc <= id_pc;
      ex_imm <= id_imm;
      ex_operator <= id_operator;
      ex_use_imm <= id_use_imm;
      ex_use_pc <= id_use_pc;
      ex_load <= id_load & ~id_trap;
      ex_store <= id_store & ~id_trap;
      ex_jump <= id_jump & ~id_trap;
      ex_branch <= id_branch & ~id_trap;
      ex_trap <= id_trap;
      ex_rd <= (id_writes & ~id_trap) ? id_insn[11:7] : 5'd0;
      ex_a <= read_a;
      ex_b <= read_b;
    end
    if (data_rvalid_i) loaded <= data_rdata_i;
    if (ex_done) begin
      wb_insn <= ex_insn;
      wb_pc <= ex_pc;
      wb_next <= ex_next;
      wb_trap <= ex_trap;
      wb_rd <= ex_rd;
      wb_data <= ex_rd == 5'd0 ? 32'd0 : ex_result;
    end
  end

  assign rvfi_valid_o = wb_valid;
  assign rvfi_insn_o = wb_insn;
  assign rvfi_trap_o = wb_trap;
  assign rvfi_rd_addr_o = wb_rd;
  assign rvfi_rd_wdata_o = wb_data;
  assign rvfi_pc_rdata_o = wb_pc;
  assign rvfi_pc_wdata_o = wb_next;
endmodule
