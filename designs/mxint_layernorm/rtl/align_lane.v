// align_lane: mantissa of one lane at the exponent of its row.
//
// aligned = floor(mant / 2^gap): the arithmetic right shift is the floor, so
// gaps of 8 and more leave 0 or -1. Combinational.
`default_nettype none

module align_lane (
    input  wire signed [7:0] mant,
    input  wire        [3:0] gap,
    output wire signed [7:0] aligned
);

    assign aligned = mant >>> gap;

endmodule

`default_nettype wire
