// lane_cast: mantissa of one lane for the bit length of its block.
//
// mantissa = y * 2^(7 - length), rounded half to even. All bits below the
// mantissa count. Combinational.
`default_nettype none

module lane_cast (
    input  wire signed [14:0] y,
    input  wire        [3:0]  length,
    output wire        [7:0]  mantissa
);

    wire [14:0] scaled;
    wire [6:0]  rest;
    wire        round_up;

    // With seven bits below the mantissa. |y| < 2^length, so nothing is lost
    // at the upper end.
    assign scaled = y << (4'd14 - length);
    assign rest   = scaled[6:0];

    // Above half, or half with an odd kept part.
    assign round_up = rest[6] && ((rest[5:0] != 6'd0) || scaled[7]);

    // Never above 127: see section 3.3 of the specification.
    assign mantissa = scaled[14:7] + {7'd0, round_up};

endmodule

`default_nettype wire
