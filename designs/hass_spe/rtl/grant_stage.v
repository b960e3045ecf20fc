// grant_stage: the beat under arbitration and the round-robin pointer.
//
// Every cycle without `hold` in which a beat is here is one step: it takes up
// to two pairs out of the beat's mask, and the step that leaves the mask
// empty is the beat's last. In that cycle the next beat may move in.
//
// States (dbg): 0 IDLE  no beat
//               1 MORE  a step that leaves pairs for a later one
//               2 LAST  the step that takes the last one or two pairs
//               3 ZERO  the only step of a beat without pairs
//               4 END   delivers the end of a window whose last beat was
//                       skipped; not counted as an arbitration cycle
`default_nettype none

module grant_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire        hold,
    // From the front register
    output wire        ready,
    output wire        same_window,
    input  wire        move,
    input  wire        merge,
    input  wire [55:0] beat_a,
    input  wire [63:0] beat_w,
    input  wire [7:0]  beat_mask,
    input  wire        beat_last,
    input  wire        beat_skipped,
    // The step
    output wire        step,
    output wire        step_last,
    output wire        step_counts,
    output wire        first_valid,
    output wire [2:0]  first_lane,
    output wire        second_valid,
    output wire [2:0]  second_lane,
    output wire [55:0] step_a,
    output wire [63:0] step_w,
    output wire [2:0]  state,
    output wire [2:0]  pointer,
    output wire [3:0]  pending
);

    reg        active;
    reg [55:0] active_a;
    reg [63:0] active_w;
    reg [7:0]  mask;
    reg        ends_window;
    reg        end_only;
    reg [2:0]  next_lane;

    wire [7:0] rest;
    wire [2:0] after_grants;
    wire       finished;

    pair_arbiter arbiter (
        .mask         (mask),
        .pointer      (next_lane),
        .first_valid  (first_valid),
        .first_lane   (first_lane),
        .second_valid (second_valid),
        .second_lane  (second_lane),
        .rest         (rest),
        .next_pointer (after_grants)
    );

    bit_count mask_count (
        .value (mask),
        .count (pending)
    );

    assign step        = active && !hold;
    assign finished    = step && (rest == 8'd0);
    assign step_counts = !end_only;
    assign step_a      = active_a;
    assign step_w      = active_w;
    assign ready       = !active || finished;

    // A beat that does not end its window is followed by beats of the same
    // window; a merge in the cycle of its last step ends the window in that
    // very step.
    assign same_window = active && !ends_window;
    assign step_last   = (rest == 8'd0) && (ends_window || merge);

    assign pointer = next_lane;
    assign state   = !active         ? 3'd0 :
                     (rest != 8'd0)  ? 3'd1 :
                     first_valid     ? 3'd2 :
                     end_only        ? 3'd4 : 3'd3;

    // Control: an idle stage has an empty mask.
    always @(posedge clk) begin
        if (rst) begin
            active <= 1'b0;
            mask   <= 8'd0;
        end else if (move) begin
            active <= 1'b1;
            mask   <= beat_mask;
        end else if (step) begin
            active <= !finished;
            mask   <= rest;
        end
    end

    // The pointer stays over beats and windows; steps without a grant leave it.
    always @(posedge clk) begin
        if (rst)
            next_lane <= 3'd0;
        else if (step && first_valid)
            next_lane <= after_grants;
    end

    // Payload registers need no reset: active qualifies them.
    always @(posedge clk) begin
        if (move) begin
            active_a    <= beat_a;
            active_w    <= beat_w;
            ends_window <= beat_last;
            end_only    <= beat_skipped;
        end else if (merge) begin
            ends_window <= 1'b1;
        end
    end

endmodule

`default_nettype wire
