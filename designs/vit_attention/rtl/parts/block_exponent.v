// block_exponent: common exponent of the two lanes of an output beat.
//
// Lane value: q * 2^(e - 6) with 2 <= q <= 117 and -15 <= e <= 0. A lane
// alone would take the exponent bitlen(q) + e - 6, which puts its leading one
// at mantissa bit 6. The block takes the larger one, but never below -8.
// Combinational.
`default_nettype none

module block_exponent (
    input  wire        [6:0] q0,
    input  wire signed [4:0] e0,
    input  wire        [6:0] q1,
    input  wire signed [4:0] e1,
    output wire signed [3:0] x
);

    localparam signed [5:0] X_MIN = -6'sd8;

    wire        [2:0] length0;
    wire        [2:0] length1;
    wire signed [5:0] x0;
    wire signed [5:0] x1;
    wire signed [5:0] x_max;
    wire        [5:0] x_clamped;

    softmax_bit_length length_lane0 (
        .value  (q0),
        .length (length0)
    );

    softmax_bit_length length_lane1 (
        .value  (q1),
        .length (length1)
    );

    // bitlen + e - 6 lies in -19..1: six bits, signed.
    assign x0 = {3'b000, length0} + {e0[4], e0} - 6'd6;
    assign x1 = {3'b000, length1} + {e1[4], e1} - 6'd6;

    assign x_max     = (x1 > x0) ? x1 : x0;
    assign x_clamped = (x_max < X_MIN) ? X_MIN : x_max;

    // -8..1 after the clamp: four bits hold it, the two upper bits are copies
    // of the sign.
    assign x = {x_clamped[5] | x_clamped[4] | x_clamped[3], x_clamped[2:0]};

endmodule

`default_nettype wire
