// lqer_dot: dot product of a vector of 1..8 beats of eight lanes with a
// low-precision weight, plus a rank-2 correction.
//
// Head: beat_stage -> vector_accumulator; the beat that ends a vector also
//       pushes the vector's sums, exponents and configuration to the tail
//       queue (2).
// Tail: tail takes vectors from the queue -> skid buffer.
// Head and tail overlap: the next vectors are summed while one is finished.
`default_nettype none

module lqer_dot (
    input  wire        clk,
    input  wire        rst,
    input  wire [63:0] in_x,
    input  wire [31:0] in_w,
    input  wire [63:0] in_a0,
    input  wire [63:0] in_a1,
    input  wire [3:0]  in_ex,
    input  wire [3:0]  in_ew,
    input  wire [3:0]  in_ea,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        cfg_we,
    input  wire [7:0]  cfg_b0,
    input  wire [7:0]  cfg_b1,
    input  wire [3:0]  cfg_eb,
    input  wire        cfg_lr_en,
    output wire [7:0]  y_m,
    output wire [5:0]  y_e,
    output wire        y_zero,
    output wire        y_valid,
    input  wire        y_ready,
    output wire        dbg_beat,
    output wire [1:0]  dbg_queue_level,
    output wire [2:0]  dbg_tail
);

    localparam QUEUE_DEPTH = 2;

    wire [20:0] config_word;

    // Beat register
    wire signed [14:0] main_dot;
    wire signed [18:0] rank0_dot;
    wire signed [18:0] rank1_dot;
    wire signed [4:0]  main_exp;
    wire signed [4:0]  rank_exp;
    wire               last;
    wire        [20:0] vector_config;
    wire               beat_valid;
    wire               beat_ready;
    wire               beat_take;

    // Sums, the present beat included
    wire signed [21:0] main_total;
    wire signed [25:0] rank0_total;
    wire signed [25:0] rank1_total;
    wire signed [4:0]  main_total_exp;
    wire signed [4:0]  rank_total_exp;

    // Tail queue: {config, rank exponent, rank sums, main exponent, main sum}
    wire         queue_in_ready;
    wire [104:0] vector_word;
    wire         vector_valid;
    wire         vector_ready;

    // Results: {zero, exponent, mantissa}
    wire [14:0] result_word;
    wire        result_valid;
    wire        result_ready;
    wire [14:0] out_word;

    config_registers settings (
        .clk         (clk),
        .rst         (rst),
        .we          (cfg_we),
        .b0          (cfg_b0),
        .b1          (cfg_b1),
        .eb          (cfg_eb),
        .lr_en       (cfg_lr_en),
        .config_word (config_word)
    );

    beat_stage head (
        .clk           (clk),
        .rst           (rst),
        .in_x          (in_x),
        .in_w          (in_w),
        .in_a0         (in_a0),
        .in_a1         (in_a1),
        .in_ex         (in_ex),
        .in_ew         (in_ew),
        .in_ea         (in_ea),
        .in_last       (in_last),
        .in_valid      (in_valid),
        .in_ready      (in_ready),
        .config_word   (config_word),
        .main_dot      (main_dot),
        .rank0_dot     (rank0_dot),
        .rank1_dot     (rank1_dot),
        .main_exp      (main_exp),
        .rank_exp      (rank_exp),
        .last          (last),
        .vector_config (vector_config),
        .out_valid     (beat_valid),
        .out_ready     (beat_ready)
    );

    // Only a beat that ends its vector needs room in the tail queue.
    assign beat_ready = queue_in_ready || !last;
    assign beat_take  = beat_valid && beat_ready;
    assign dbg_beat   = beat_valid;

    vector_accumulator sums (
        .clk            (clk),
        .rst            (rst),
        .beat_take      (beat_take),
        .last           (last),
        .main_dot       (main_dot),
        .rank0_dot      (rank0_dot),
        .rank1_dot      (rank1_dot),
        .main_exp       (main_exp),
        .rank_exp       (rank_exp),
        .main_total     (main_total),
        .rank0_total    (rank0_total),
        .rank1_total    (rank1_total),
        .main_total_exp (main_total_exp),
        .rank_total_exp (rank_total_exp)
    );

    stream_fifo #(
        .WIDTH (105),
        .DEPTH (QUEUE_DEPTH)
    ) tail_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({vector_config, rank_total_exp, rank1_total, rank0_total, main_total_exp, main_total}),
        .in_valid  (beat_valid && last),
        .in_ready  (queue_in_ready),
        .out_data  (vector_word),
        .out_valid (vector_valid),
        .out_ready (vector_ready),
        .level     (dbg_queue_level)
    );

    tail finish (
        .clk          (clk),
        .rst          (rst),
        .vector_word  (vector_word),
        .vector_valid (vector_valid),
        .vector_ready (vector_ready),
        .out_word     (result_word),
        .out_valid    (result_valid),
        .out_ready    (result_ready),
        .state        (dbg_tail)
    );

    skid_buffer #(
        .WIDTH (15)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result_word),
        .in_valid  (result_valid),
        .in_ready  (result_ready),
        .out_data  (out_word),
        .out_valid (y_valid),
        .out_ready (y_ready)
    );

    assign y_zero = out_word[14];
    assign y_e    = out_word[13:8];
    assign y_m    = out_word[7:0];

endmodule

`default_nettype wire
