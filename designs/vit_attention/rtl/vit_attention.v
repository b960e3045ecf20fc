// vit_attention: one head of attention as a pipeline of four units behind a
// register block, with two contexts in flight.
//
//   x0, x1 -> row_arbiter -> mxint_layernorm -> row store -> score_feeder
//     -> lqer_dot -> score_packer -> mxint_softmax -> prob_unpacker
//     -> block_quant -> packet_gate -> out
//
// Each context works on one job; a job may wait behind it. Rows of both
// contexts follow each other through the pipeline in the order in which they
// were granted; slot_table holds what must be known of each.
`default_nettype none

module vit_attention (
    input  wire        clk,
    input  wire        rst,
    // Registers, AXI4-Lite
    input  wire [5:0]  s_awaddr,
    input  wire        s_awvalid,
    output wire        s_awready,
    input  wire [31:0] s_wdata,
    input  wire [3:0]  s_wstrb,
    input  wire        s_wvalid,
    output wire        s_wready,
    output wire [1:0]  s_bresp,
    output wire        s_bvalid,
    input  wire        s_bready,
    input  wire [5:0]  s_araddr,
    input  wire        s_arvalid,
    output wire        s_arready,
    output wire [31:0] s_rdata,
    output wire [1:0]  s_rresp,
    output wire        s_rvalid,
    input  wire        s_rready,
    output wire        irq,
    // Rows of context 0 and of context 1
    input  wire [31:0] x0_mant,
    input  wire [3:0]  x0_exp,
    input  wire        x0_last,
    input  wire        x0_valid,
    output wire        x0_ready,
    input  wire [31:0] x1_mant,
    input  wire [3:0]  x1_exp,
    input  wire        x1_last,
    input  wire        x1_valid,
    output wire        x1_ready,
    output wire [1:0]  x_grant,
    // Coefficients
    input  wire [1:0]  ld_kind,
    input  wire        ld_bank,
    input  wire [4:0]  ld_index,
    input  wire [15:0] ld_data,
    input  wire        ld_valid,
    output wire        ld_ready,
    // Packets
    output wire [7:0]  out_data,
    output wire        out_head,
    output wire        out_drop,
    output wire        out_ctx,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready
);

    // Accesses and commands
    wire        wr_en;
    wire [3:0]  wr_word;
    wire [31:0] wr_data;
    wire [3:0]  wr_strb;
    wire        wr_error;
    wire        rd_en;
    wire [3:0]  rd_word;
    wire [31:0] rd_data;
    wire        rd_error;
    wire [1:0]  job_write;
    wire [14:0] job_word;
    wire [11:0] exponents0;
    wire [11:0] exponents1;
    wire [1:0]  abort;
    wire        commit;
    wire        fixed_priority;
    wire [1:0]  credit_write;
    wire [6:0]  credit_in0;
    wire [6:0]  credit_in1;
    wire [6:0]  credit0;
    wire [6:0]  credit1;
    wire [1:0]  charged;
    wire [1:0]  credit_back;

    // Contexts. Jobs: {exponents (12), scale (4), lr_en, format (2), bank, pairs (2), length (2)}
    wire [23:0] job0;
    wire [23:0] job1;
    wire [1:0]  active;
    wire [1:0]  accepting;
    wire [1:0]  abort_take;
    wire [1:0]  done;
    wire [1:0]  aborted;
    wire [1:0]  refused;
    wire [5:0]  state0;
    wire [5:0]  state1;

    // Input side
    wire [1:0]  row_begin;
    wire [1:0]  overlong;
    wire        slot_free;
    wire        beat_valid;
    wire        beat_last;
    wire        beat_ready;
    wire [35:0] beat_word;
    wire [21:0] row_settings;

    // Slots of the rows in each stage
    wire [1:0]  feed_slot;
    wire [21:0] feed_settings;
    wire [1:0]  pack_slot;
    wire [21:0] pack_settings;
    wire [1:0]  unpack_slot;
    wire [21:0] unpack_settings;
    wire [1:0]  gate_slot;
    wire [1:0]  gate_pairs;
    wire        gate_context;
    wire        gate_killed;
    wire        gate_bad;
    wire        gate_clipped;
    wire        gate_begun;
    wire        gate_charged;
    wire        clipped_set;
    wire        packet_end;
    wire [1:0]  context_end;
    wire [1:0]  range;

    // Memory
    wire [1:0]  bank_used;
    wire        load_refused;
    wire        norm_we;
    wire        norm_sel;
    wire [3:0]  norm_addr;
    wire [7:0]  norm_data;
    wire        reading;
    wire [2:0]  key;
    wire [15:0] weights;
    wire [31:0] factors0;
    wire [31:0] factors1;
    wire [15:0] key_factors;

    // Normalised rows
    wire [31:0] norm_mant;
    wire [3:0]  norm_exp;
    wire        norm_last;
    wire        norm_valid;
    wire        norm_ready;
    wire        row_valid;
    wire [1:0]  row_last;
    wire [1:0]  row_place;
    wire        row_free;
    wire [35:0] row_word;

    // Scores
    wire        dot_config_we;
    wire        dot_valid;
    wire        dot_last;
    wire        dot_ready;
    wire [7:0]  score_mant;
    wire [5:0]  score_exp;
    wire        score_zero;
    wire        score_valid;
    wire        score_ready;
    wire [20:0] pair_word;
    wire        pair_valid;
    wire        pair_ready;

    // Probabilities
    wire [15:0] prob_mant;
    wire [3:0]  prob_exp;
    wire        prob_last;
    wire        prob_valid;
    wire        prob_ready;
    wire [15:0] element;
    wire        element_valid;
    wire        element_ready;
    wire [7:0]  code_data;
    wire        code_head_unused;
    wire        code_last;
    wire        code_valid;
    wire        code_ready;

    // States of the units that nothing here needs.
    wire [2:0]  norm_state_unused;
    wire [1:0]  norm_rows_unused;
    wire        norm_pending_unused;
    wire        norm_bank_unused;
    wire [1:0]  store_level_unused;
    wire        dot_beat_unused;
    wire [1:0]  dot_queue_unused;
    wire [2:0]  dot_tail_unused;
    wire [3:0]  softmax_fifo_unused;
    wire [2:0]  softmax_state_unused;
    wire [1:0]  softmax_queue_unused;
    wire [2:0]  quant_fill_unused;
    wire [1:0]  quant_full_unused;
    wire [1:0]  quant_state_unused;
    wire [2:0]  quant_place_unused;
    wire [1:0]  quant_format_unused;
    wire        quant_zero_unused;
    wire [1:0]  quant_pipe_unused;
    wire [18:0] feed_settings_unused;
    wire [15:0] pack_settings_unused;
    wire [19:0] unpack_settings_unused;

    axi_lite_slave bus (
        .clk      (clk),
        .rst      (rst),
        .awaddr   (s_awaddr),
        .awvalid  (s_awvalid),
        .awready  (s_awready),
        .wdata    (s_wdata),
        .wstrb    (s_wstrb),
        .wvalid   (s_wvalid),
        .wready   (s_wready),
        .bresp    (s_bresp),
        .bvalid   (s_bvalid),
        .bready   (s_bready),
        .araddr   (s_araddr),
        .arvalid  (s_arvalid),
        .arready  (s_arready),
        .rdata    (s_rdata),
        .rresp    (s_rresp),
        .rvalid   (s_rvalid),
        .rready   (s_rready),
        .wr_en    (wr_en),
        .wr_word  (wr_word),
        .wr_data  (wr_data),
        .wr_strb  (wr_strb),
        .wr_error (wr_error),
        .rd_en    (rd_en),
        .rd_word  (rd_word),
        .rd_data  (rd_data),
        .rd_error (rd_error)
    );

    control_registers registers (
        .clk            (clk),
        .rst            (rst),
        .wr_en          (wr_en),
        .wr_word        (wr_word),
        .wr_data        (wr_data),
        .wr_strb        (wr_strb),
        .wr_error       (wr_error),
        .rd_en          (rd_en),
        .rd_word        (rd_word),
        .rd_data        (rd_data),
        .rd_error       (rd_error),
        .job_write      (job_write),
        .job_word       (job_word),
        .exponents0     (exponents0),
        .exponents1     (exponents1),
        .abort          (abort),
        .commit         (commit),
        .fixed_priority (fixed_priority),
        .credit_write   (credit_write),
        .credit_in0     (credit_in0),
        .credit_in1     (credit_in1),
        .credit0        (credit0),
        .credit1        (credit1),
        .done           (done),
        .aborted        (aborted),
        .refused        (refused),
        .overlong       (overlong),
        .load_refused   (load_refused),
        .range          (range),
        .packet_end     (packet_end),
        .state0         (state0),
        .state1         (state1),
        .irq            (irq)
    );

    assign context_end = {2{packet_end}} & {gate_context, !gate_context};
    assign credit_back = context_end & {2{out_drop && gate_charged}};

    context_control context0 (
        .clk          (clk),
        .rst          (rst),
        .job_write    (job_write[0]),
        .job_in       ({exponents0, job_word}),
        .abort        (abort[0]),
        .row_begin    (row_begin[0]),
        .packet_end   (context_end[0]),
        .credit_write (credit_write[0]),
        .credit_in    (credit_in0),
        .credit_back  (credit_back[0]),
        .charged      (charged[0]),
        .credit       (credit0),
        .job          (job0),
        .active       (active[0]),
        .accepting    (accepting[0]),
        .abort_take   (abort_take[0]),
        .done         (done[0]),
        .aborted      (aborted[0]),
        .refused      (refused[0]),
        .state        (state0)
    );

    context_control context1 (
        .clk          (clk),
        .rst          (rst),
        .job_write    (job_write[1]),
        .job_in       ({exponents1, job_word}),
        .abort        (abort[1]),
        .row_begin    (row_begin[1]),
        .packet_end   (context_end[1]),
        .credit_write (credit_write[1]),
        .credit_in    (credit_in1),
        .credit_back  (credit_back[1]),
        .charged      (charged[1]),
        .credit       (credit1),
        .job          (job1),
        .active       (active[1]),
        .accepting    (accepting[1]),
        .abort_take   (abort_take[1]),
        .done         (done[1]),
        .aborted      (aborted[1]),
        .refused      (refused[1]),
        .state        (state1)
    );

    row_arbiter arbiter (
        .clk            (clk),
        .rst            (rst),
        .accepting      (accepting),
        .abort_take     (abort_take),
        .slot_free      (slot_free),
        .fixed_priority (fixed_priority),
        .length0        (job0[1:0]),
        .length1        (job1[1:0]),
        .x_valid        ({x1_valid, x0_valid}),
        .x_last         ({x1_last, x0_last}),
        .x_ready        ({x1_ready, x0_ready}),
        .grant          (x_grant),
        .beat_valid     (beat_valid),
        .beat_last      (beat_last),
        .beat_ready     (beat_ready),
        .row_begin      (row_begin),
        .overlong       (overlong)
    );

    assign beat_word    = x_grant[1] ? {x1_exp, x1_mant} : {x0_exp, x0_mant};
    assign row_settings = x_grant[1] ? job1[23:2] : job0[23:2];

    slot_table slots (
        .clk             (clk),
        .rst             (rst),
        .row_begin       (row_begin),
        .row_settings    (row_settings),
        .overlong        (overlong),
        .abort_take      (abort_take),
        .charged         (charged),
        .slot_free       (slot_free),
        .feed_slot       (feed_slot),
        .feed_settings   (feed_settings),
        .pack_slot       (pack_slot),
        .pack_settings   (pack_settings),
        .clipped_set     (clipped_set),
        .unpack_slot     (unpack_slot),
        .unpack_settings (unpack_settings),
        .gate_slot       (gate_slot),
        .gate_begun      (gate_begun),
        .packet_end      (packet_end),
        .gate_context    (gate_context),
        .gate_pairs      (gate_pairs),
        .gate_killed     (gate_killed),
        .gate_bad        (gate_bad),
        .gate_clipped    (gate_clipped),
        .gate_charged    (gate_charged)
    );

    assign bank_used = {(active[0] && job0[4]) || (active[1] && job1[4]),
                        (active[0] && !job0[4]) || (active[1] && !job1[4])};

    coefficient_memory memory (
        .clk         (clk),
        .rst         (rst),
        .ld_kind     (ld_kind),
        .ld_bank     (ld_bank),
        .ld_index    (ld_index),
        .ld_data     (ld_data),
        .ld_valid    (ld_valid),
        .ld_ready    (ld_ready),
        .bank_used   (bank_used),
        .refused     (load_refused),
        .norm_we     (norm_we),
        .norm_sel    (norm_sel),
        .norm_addr   (norm_addr),
        .norm_data   (norm_data),
        .reading     (reading),
        .bank        (feed_settings[2]),
        .key         (key),
        .place       (row_place),
        .weights     (weights),
        .factors0    (factors0),
        .factors1    (factors1),
        .key_factors (key_factors)
    );

    mxint_layernorm norm (
        .clk         (clk),
        .rst         (rst),
        .in_mant     (beat_word[31:0]),
        .in_exp      (beat_word[35:32]),
        .in_last     (beat_last),
        .in_valid    (beat_valid),
        .in_ready    (beat_ready),
        .cfg_we      (norm_we),
        .cfg_sel     (norm_sel),
        .cfg_addr    (norm_addr),
        .cfg_data    (norm_data),
        .cfg_commit  (commit),
        .out_mant    (norm_mant),
        .out_exp     (norm_exp),
        .out_last    (norm_last),
        .out_valid   (norm_valid),
        .out_ready   (norm_ready),
        .dbg_state   (norm_state_unused),
        .dbg_rows    (norm_rows_unused),
        .dbg_pending (norm_pending_unused),
        .dbg_bank    (norm_bank_unused)
    );

    row_buffer store (
        .clk        (clk),
        .rst        (rst),
        .hold       (1'b0),
        .in_word    ({norm_exp, norm_mant}),
        .in_last    (norm_last),
        .in_valid   (norm_valid),
        .in_ready   (norm_ready),
        .row_valid  (row_valid),
        .row_last   (row_last),
        .read_place (row_place),
        .read_word  (row_word),
        .row_free   (row_free),
        .level      (store_level_unused)
    );

    score_feeder feeder (
        .clk        (clk),
        .rst        (rst),
        .row_valid  (row_valid),
        .row_last   (row_last),
        .row_place  (row_place),
        .row_free   (row_free),
        .slot       (feed_slot),
        .pairs      (feed_settings[1:0]),
        .reading    (reading),
        .key        (key),
        .config_we  (dot_config_we),
        .beat_valid (dot_valid),
        .beat_last  (dot_last),
        .beat_ready (dot_ready)
    );

    assign feed_settings_unused = feed_settings[21:3];

    // The dot product has eight lanes; the upper four stay empty.
    lqer_dot dot (
        .clk             (clk),
        .rst             (rst),
        .in_x            ({32'd0, row_word[31:0]}),
        .in_w            ({16'd0, weights}),
        .in_a0           ({32'd0, factors0}),
        .in_a1           ({32'd0, factors1}),
        .in_ex           (row_word[35:32]),
        .in_ew           (feed_settings[13:10]),
        .in_ea           (feed_settings[17:14]),
        .in_last         (dot_last),
        .in_valid        (dot_valid),
        .in_ready        (dot_ready),
        .cfg_we          (dot_config_we),
        .cfg_b0          (key_factors[7:0]),
        .cfg_b1          (key_factors[15:8]),
        .cfg_eb          (feed_settings[21:18]),
        .cfg_lr_en       (feed_settings[5]),
        .y_m             (score_mant),
        .y_e             (score_exp),
        .y_zero          (score_zero),
        .y_valid         (score_valid),
        .y_ready         (score_ready),
        .dbg_beat        (dot_beat_unused),
        .dbg_queue_level (dot_queue_unused),
        .dbg_tail        (dot_tail_unused)
    );

    score_packer packer (
        .clk         (clk),
        .rst         (rst),
        .in_word     ({score_zero, score_exp, score_mant}),
        .in_valid    (score_valid),
        .in_ready    (score_ready),
        .slot        (pack_slot),
        .pairs       (pack_settings[1:0]),
        .scale       (pack_settings[9:6]),
        .clipped_set (clipped_set),
        .out_word    (pair_word),
        .out_valid   (pair_valid),
        .out_ready   (pair_ready)
    );

    assign pack_settings_unused = {pack_settings[21:10], pack_settings[5:2]};

    mxint_softmax softmax (
        .clk             (clk),
        .rst             (rst),
        .in_mant         (pair_word[15:0]),
        .in_exp          (pair_word[19:16]),
        .in_last         (pair_word[20]),
        .in_valid        (pair_valid),
        .in_ready        (pair_ready),
        .out_mant        (prob_mant),
        .out_exp         (prob_exp),
        .out_last        (prob_last),
        .out_valid       (prob_valid),
        .out_ready       (prob_ready),
        .dbg_fifo_level  (softmax_fifo_unused),
        .dbg_state       (softmax_state_unused),
        .dbg_queue_level (softmax_queue_unused)
    );

    prob_unpacker unpacker (
        .clk       (clk),
        .rst       (rst),
        .in_word   ({prob_last, prob_exp, prob_mant}),
        .in_valid  (prob_valid),
        .in_ready  (prob_ready),
        .slot      (unpack_slot),
        .out_x     (element),
        .out_valid (element_valid),
        .out_ready (element_ready)
    );

    assign unpack_settings_unused = {unpack_settings[21:5], unpack_settings[2:0]};

    block_quant quantiser (
        .clk        (clk),
        .rst        (rst),
        .in_x       (element),
        .in_fmt     (unpack_settings[4:3]),
        .in_valid   (element_valid),
        .in_ready   (element_ready),
        .out_data   (code_data),
        .out_head   (code_head_unused),
        .out_last   (code_last),
        .out_valid  (code_valid),
        .out_ready  (code_ready),
        .dbg_fill   (quant_fill_unused),
        .dbg_full   (quant_full_unused),
        .dbg_state  (quant_state_unused),
        .dbg_place  (quant_place_unused),
        .dbg_format (quant_format_unused),
        .dbg_zero   (quant_zero_unused),
        .dbg_pipe   (quant_pipe_unused)
    );

    packet_gate gate (
        .clk        (clk),
        .rst        (rst),
        .in_data    (code_data),
        .in_last    (code_last),
        .in_valid   (code_valid),
        .in_ready   (code_ready),
        .slot       (gate_slot),
        .owner      (gate_context),
        .pairs      (gate_pairs),
        .killed     (gate_killed),
        .bad        (gate_bad),
        .clipped    (gate_clipped),
        .begun      (gate_begun),
        .packet_end (packet_end),
        .range      (range),
        .out_data   (out_data),
        .out_head   (out_head),
        .out_drop   (out_drop),
        .out_ctx    (out_ctx),
        .out_last   (out_last),
        .out_valid  (out_valid),
        .out_ready  (out_ready)
    );

endmodule

`default_nettype wire
