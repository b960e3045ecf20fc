// align_add: main sum plus correction, aligned to the greater exponent.
//
// The correction is padded by four low bits; its exponent in the scale of
// the main sum is rank_exp + length + eb - 22. Both are floored on their own
// when they are shifted. Without a correction the main sum passes unchanged.
// Combinational.
`default_nettype none

module align_add (
    input  wire signed [21:0] main_sum,
    input  wire signed [4:0]  main_exp,
    input  wire               corrected,
    input  wire signed [15:0] correction,
    input  wire signed [4:0]  rank_exp,
    input  wire        [4:0]  length,
    input  wire signed [3:0]  eb,
    output wire signed [21:0] sum,
    output wire signed [5:0]  sum_exp
);

    wire signed [6:0]  main_wide;
    wire signed [6:0]  correction_exp;
    wire signed [6:0]  difference;
    wire        [5:0]  opposite;
    wire               takes_over;
    wire        [5:0]  shift_main;
    wire        [5:0]  shift_correction;
    wire signed [21:0] padded;
    wire signed [21:0] aligned_main;
    wire signed [21:0] aligned_correction;

    // -45..24; the difference lies in -44..25.
    assign main_wide      = {{2{main_exp[4]}}, main_exp};
    assign correction_exp = {{2{rank_exp[4]}}, rank_exp} + {2'b00, length} + {{3{eb[3]}}, eb} - 7'd22;
    assign difference     = correction_exp - main_wide;
    assign opposite       = 6'd0 - difference[5:0];
    assign takes_over     = !difference[6];

    assign shift_main       = (corrected && takes_over) ? difference[5:0] : 6'd0;
    assign shift_correction = takes_over ? 6'd0 : opposite;
    assign sum_exp          = (corrected && takes_over) ? correction_exp[5:0] : main_wide[5:0];

    assign padded = {{2{correction[15]}}, correction, 4'b0000};

    align_shift #(
        .WIDTH (22)
    ) align_main (
        .value   (main_sum),
        .shift   (shift_main),
        .aligned (aligned_main)
    );

    align_shift #(
        .WIDTH (22)
    ) align_correction (
        .value   (padded),
        .shift   (shift_correction),
        .aligned (aligned_correction)
    );

    assign sum = aligned_main + (corrected ? aligned_correction : 22'd0);

endmodule

`default_nettype wire
