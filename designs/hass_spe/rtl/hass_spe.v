// hass_spe: sparse dot product of windows of 1..8 beats of eight pairs, with
// two multipliers.
//
// in -> front register (filter, zero skipping) -> grant stage (round robin,
// up to two pairs a cycle) -> product register -> accumulator -> result
// queue (4) -> out.
//
// The only thing that makes the pipeline wait is the queue: a step that ends
// its window stays in the product register while the queue is full (`hold`).
`default_nettype none

module hass_spe (
    input  wire        clk,
    input  wire        rst,
    input  wire [63:0] in_a,
    input  wire [63:0] in_w,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        cfg_we,
    input  wire [6:0]  cfg_tau_a,
    input  wire [6:0]  cfg_tau_w,
    input  wire        cfg_skip_zero,
    output wire [19:0] out_sum,
    output wire [6:0]  out_nnz,
    output wire [5:0]  out_cycles,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  dbg_state,
    output wire [2:0]  dbg_pointer,
    output wire [3:0]  dbg_pending,
    output wire [2:0]  dbg_front,
    output wire        dbg_hold,
    output wire [2:0]  dbg_queue_level
);

    localparam QUEUE_DEPTH = 4;

    // Configuration of the window
    wire       beat_take;
    wire [6:0] tau_a;
    wire [6:0] tau_w;
    wire       skip_zero;

    // Front register to grant stage
    wire        grant_ready;
    wire        same_window;
    wire        move;
    wire        merge;
    wire [55:0] beat_a;
    wire [63:0] beat_w;
    wire [7:0]  beat_mask;
    wire        beat_last;
    wire        beat_skipped;

    // Grant stage to product register
    wire        step;
    wire        step_last;
    wire        step_counts;
    wire        first_valid;
    wire [2:0]  first_lane;
    wire        second_valid;
    wire [2:0]  second_lane;
    wire [55:0] step_a;
    wire [63:0] step_w;

    // Product register to accumulator and queue
    wire               hold;
    wire               product_valid;
    wire               product_last;
    wire               product_counts;
    wire        [1:0]  product_pairs;
    wire signed [14:0] product0;
    wire signed [14:0] product1;
    wire        [19:0] sum;
    wire        [6:0]  pairs;
    wire        [5:0]  cycles;
    wire               product_take;
    wire               queue_ready;
    wire        [32:0] result_word;

    window_config config_registers (
        .clk           (clk),
        .rst           (rst),
        .cfg_we        (cfg_we),
        .cfg_tau_a     (cfg_tau_a),
        .cfg_tau_w     (cfg_tau_w),
        .cfg_skip_zero (cfg_skip_zero),
        .beat_take     (beat_take),
        .beat_last     (in_last),
        .tau_a         (tau_a),
        .tau_w         (tau_w),
        .skip_zero     (skip_zero)
    );

    front_stage front (
        .clk           (clk),
        .rst           (rst),
        .in_a          (in_a),
        .in_w          (in_w),
        .in_last       (in_last),
        .in_valid      (in_valid),
        .in_ready      (in_ready),
        .beat_take     (beat_take),
        .tau_a         (tau_a),
        .tau_w         (tau_w),
        .skip_zero     (skip_zero),
        .arbiter_ready (grant_ready),
        .same_window   (same_window),
        .move          (move),
        .merge         (merge),
        .beat_a        (beat_a),
        .beat_w        (beat_w),
        .beat_mask     (beat_mask),
        .beat_last     (beat_last),
        .beat_skipped  (beat_skipped),
        .content       (dbg_front)
    );

    grant_stage grants (
        .clk          (clk),
        .rst          (rst),
        .hold         (hold),
        .ready        (grant_ready),
        .same_window  (same_window),
        .move         (move),
        .merge        (merge),
        .beat_a       (beat_a),
        .beat_w       (beat_w),
        .beat_mask    (beat_mask),
        .beat_last    (beat_last),
        .beat_skipped (beat_skipped),
        .step         (step),
        .step_last    (step_last),
        .step_counts  (step_counts),
        .first_valid  (first_valid),
        .first_lane   (first_lane),
        .second_valid (second_valid),
        .second_lane  (second_lane),
        .step_a       (step_a),
        .step_w       (step_w),
        .state        (dbg_state),
        .pointer      (dbg_pointer),
        .pending      (dbg_pending)
    );

    product_stage products (
        .clk          (clk),
        .rst          (rst),
        .hold         (hold),
        .step         (step),
        .step_last    (step_last),
        .step_counts  (step_counts),
        .first_valid  (first_valid),
        .first_lane   (first_lane),
        .second_valid (second_valid),
        .second_lane  (second_lane),
        .step_a       (step_a),
        .step_w       (step_w),
        .valid        (product_valid),
        .last         (product_last),
        .counts       (product_counts),
        .pairs        (product_pairs),
        .product0     (product0),
        .product1     (product1)
    );

    assign hold         = product_valid && product_last && !queue_ready;
    assign product_take = product_valid && !hold;
    assign dbg_hold     = hold;

    window_accumulator accumulator (
        .clk        (clk),
        .rst        (rst),
        .take       (product_take),
        .last       (product_last),
        .counts     (product_counts),
        .step_pairs (product_pairs),
        .product0   (product0),
        .product1   (product1),
        .sum        (sum),
        .pairs      (pairs),
        .cycles     (cycles)
    );

    stream_fifo #(
        .WIDTH (33),
        .DEPTH (QUEUE_DEPTH)
    ) result_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({cycles, pairs, sum}),
        .in_valid  (product_take && product_last),
        .in_ready  (queue_ready),
        .out_data  (result_word),
        .out_valid (out_valid),
        .out_ready (out_ready),
        .level     (dbg_queue_level)
    );

    assign out_sum    = result_word[19:0];
    assign out_nnz    = result_word[26:20];
    assign out_cycles = result_word[32:27];

endmodule

`default_nettype wire
