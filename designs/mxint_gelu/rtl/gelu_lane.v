// gelu_lane: GELU of one MXInt element, with seven fraction bits.
//
// x = mant * 2^(exponent - 7) is floored to three fraction bits for the table.
// From 4 on x passes through, exactly; below -4 the result is 0.
// Combinational.
`default_nettype none

module gelu_lane (
    input  wire signed [7:0]  mant,
    input  wire signed [3:0]  exponent,
    output wire signed [14:0] y
);

    localparam signed [10:0] U_MAX = 11'sd31;
    localparam signed [10:0] U_MIN = -11'sd32;

    wire signed [10:0] raised;
    wire signed [10:0] scaled;
    wire        [3:0]  shift;
    wire               above;
    wire               below;
    wire        [5:0]  u;
    wire        [5:0]  place;
    wire        [4:0]  dip;
    wire        [13:0] passed;
    wire        [9:0]  positive;

    // 8 * x = mant * 2^(exponent - 4). The shift 7 - exponent is 0..15; it is
    // arithmetic, so it floors negative numbers too.
    assign shift  = 4'd7 - exponent;
    assign raised = {mant, 3'b000};
    assign scaled = raised >>> shift;

    assign above = scaled > U_MAX;
    assign below = scaled < U_MIN;

    // |u| is 0..32: six bits.
    assign u     = scaled[5:0];
    assign place = u[5] ? 6'd0 - u : u;

    gelu_table table_entry (
        .place (place),
        .dip   (dip)
    );

    // Passed through: positive, at most 127 * 2^7, and no bit is lost, because
    // x >= 4 needs an exponent of 3 or more.
    assign passed   = {mant[6:0], 7'd0} >> shift;
    assign positive = u[5] ? 10'd0 : {1'b0, u[4:0], 4'd0};

    // The table's results lie in -22..496.
    assign y = above ? {1'b0, passed} :
               below ? 15'd0 : {5'd0, positive} - {10'd0, dip};

endmodule

`default_nettype wire
