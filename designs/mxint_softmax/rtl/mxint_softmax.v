// mxint_softmax: streaming softmax over rows of 1..8 beats of two MXInt
// elements.
//
// Stage A: exp_stage -> beat FIFO (12) and row_accumulator; the beat that
//          ends a row also pushes the row's sum to the row queue (2).
// Stage B: normaliser takes a row sum, then that row's beats -> skid buffer.
// The stages overlap: the next rows are summed while one is divided.
//
// A beat leaves exp_stage only if the FIFO has room and, if it ends a row,
// the row queue has room: both pushes happen in one cycle or not at all.
`default_nettype none

module mxint_softmax (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_mant,
    input  wire [3:0]  in_exp,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [15:0] out_mant,
    output wire [3:0]  out_exp,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [3:0]  dbg_fifo_level,
    output wire [2:0]  dbg_state,
    output wire [1:0]  dbg_queue_level
);

    localparam FIFO_DEPTH  = 12;
    localparam QUEUE_DEPTH = 2;

    // Exponentials: {last, n1, sig1, n0, sig0}
    wire [22:0] exp_word;
    wire        exp_valid;
    wire        exp_ready;
    wire        exp_last;
    wire        exp_take;

    // Beat FIFO and row queue
    wire        fifo_in_ready;
    wire [22:0] beat_word;
    wire        beat_valid;
    wire        beat_ready;
    wire        queue_in_ready;
    wire [18:0] row_word;
    wire        row_valid;
    wire        row_ready;

    // Row sum
    wire        [14:0] total;
    wire signed [3:0]  total_exp;

    // Results: {last, exponent, mantissa1, mantissa0}
    wire [20:0] result_word;
    wire        result_valid;
    wire        result_ready;
    wire [20:0] out_word;

    exp_stage exp (
        .clk       (clk),
        .rst       (rst),
        .in_mant   (in_mant),
        .in_exp    (in_exp),
        .in_last   (in_last),
        .in_valid  (in_valid),
        .in_ready  (in_ready),
        .out_word  (exp_word),
        .out_valid (exp_valid),
        .out_ready (exp_ready)
    );

    assign exp_last  = exp_word[22];
    assign exp_ready = fifo_in_ready && (queue_in_ready || !exp_last);
    assign exp_take  = exp_valid && exp_ready;

    row_accumulator accumulator (
        .clk       (clk),
        .rst       (rst),
        .beat_take (exp_take),
        .last      (exp_last),
        .n0        (exp_word[10:7]),
        .sig0      (exp_word[6:0]),
        .n1        (exp_word[21:18]),
        .sig1      (exp_word[17:11]),
        .total     (total),
        .total_exp (total_exp)
    );

    stream_fifo #(
        .WIDTH (23),
        .DEPTH (FIFO_DEPTH)
    ) beat_fifo (
        .clk       (clk),
        .rst       (rst),
        .in_data   (exp_word),
        .in_valid  (exp_take),
        .in_ready  (fifo_in_ready),
        .out_data  (beat_word),
        .out_valid (beat_valid),
        .out_ready (beat_ready),
        .level     (dbg_fifo_level)
    );

    stream_fifo #(
        .WIDTH (19),
        .DEPTH (QUEUE_DEPTH)
    ) row_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({total_exp, total}),
        .in_valid  (exp_take && exp_last),
        .in_ready  (queue_in_ready),
        .out_data  (row_word),
        .out_valid (row_valid),
        .out_ready (row_ready),
        .level     (dbg_queue_level)
    );

    normaliser stage_b (
        .clk        (clk),
        .rst        (rst),
        .row_word   (row_word),
        .row_valid  (row_valid),
        .row_ready  (row_ready),
        .beat_word  (beat_word),
        .beat_valid (beat_valid),
        .beat_ready (beat_ready),
        .out_word   (result_word),
        .out_valid  (result_valid),
        .out_ready  (result_ready),
        .state      (dbg_state)
    );

    skid_buffer #(
        .WIDTH (21)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result_word),
        .in_valid  (result_valid),
        .in_ready  (result_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_last = out_word[20];
    assign out_exp  = out_word[19:16];
    assign out_mant = out_word[15:0];

endmodule

`default_nettype wire
