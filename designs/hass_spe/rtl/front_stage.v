// front_stage: the front register. Filters an accepted beat and keeps it
// until the arbiter is free, or skips it.
//
// A skipped beat (no pair left, zero skipping on) leaves at once and costs
// nothing. Only if it ends its window the end must not get lost:
//   - if the arbiter works on a beat of the same window, that beat becomes
//     the last one (`merge`),
//   - otherwise the skipped beat goes to the arbiter like any other, to
//     deliver the end there.
// in_ready depends on registers only.
//
// Contents (dbg): 0 EMPTY    no beat
//                 1 PAIRS    a beat with pairs
//                 2 ZERO     a beat without pairs that takes its cycle
//                 3 SKIP     a skipped beat that does not end its window
//                 4 MERGE    a skipped last beat whose end merges
//                 5 END      a skipped last beat that has to deliver the end
`default_nettype none

module front_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire [63:0] in_a,
    input  wire [63:0] in_w,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire        beat_take,
    input  wire [6:0]  tau_a,
    input  wire [6:0]  tau_w,
    input  wire        skip_zero,
    // To the arbiter
    input  wire        arbiter_ready,
    input  wire        same_window,
    output wire        move,
    output wire        merge,
    output wire [55:0] beat_a,
    output wire [63:0] beat_w,
    output wire [7:0]  beat_mask,
    output wire        beat_last,
    output wire        beat_skipped,
    output wire [2:0]  content
);

    reg        held;
    reg [55:0] held_a;
    reg [63:0] held_w;
    reg [7:0]  held_mask;
    reg        held_last;

    wire [55:0] in_a_low;
    wire [7:0]  in_mask;
    wire        empty_mask;
    wire        skipped;
    wire        drop;

    genvar lane;
    generate
        for (lane = 0; lane < 8; lane = lane + 1) begin : pair
            lane_filter filter (
                .a     (in_a[8 * lane + 7:8 * lane]),
                .w     (in_w[8 * lane + 7:8 * lane]),
                .tau_a (tau_a),
                .tau_w (tau_w),
                .keep  (in_mask[lane])
            );
            // A kept activation is positive: its sign bit need not be stored.
            assign in_a_low[7 * lane + 6:7 * lane] = in_a[8 * lane + 6:8 * lane];
        end
    endgenerate

    assign empty_mask = held_mask == 8'd0;
    assign skipped    = held && empty_mask && skip_zero;

    assign merge = skipped && held_last && same_window;
    assign drop  = skipped && (!held_last || same_window);
    assign move  = held && !drop && arbiter_ready;

    assign in_ready  = !held || drop || move;
    assign beat_take = in_valid && in_ready;

    assign beat_a       = held_a;
    assign beat_w       = held_w;
    assign beat_mask    = held_mask;
    assign beat_last    = held_last;
    assign beat_skipped = skipped;

    assign content = !held       ? 3'd0 :
                     !empty_mask ? 3'd1 :
                     !skipped    ? 3'd2 :
                     !held_last  ? 3'd3 :
                     merge       ? 3'd4 : 3'd5;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (in_ready)
            held <= in_valid;
    end

    // Payload registers need no reset: held qualifies them.
    always @(posedge clk) begin
        if (beat_take) begin
            held_a    <= in_a_low;
            held_w    <= in_w;
            held_mask <= in_mask;
            held_last <= in_last;
        end
    end

endmodule

`default_nettype wire
