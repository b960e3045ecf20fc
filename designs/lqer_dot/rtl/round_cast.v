// round_cast: mantissa of a number for a scale of `length` bits.
//
// mantissa = value / 2^(length - 7), rounded half to even and clamped to
// -127..127, for |value| < 2^length. The magnitude is moved to the left until
// bit `length` stands at the top; seven bits are kept, the rest rounds.
// Combinational.
`default_nettype none

module round_cast #(
    parameter WIDTH = 25
) (
    input  wire                    negative,
    input  wire        [WIDTH-1:0] magnitude,
    input  wire        [4:0]       length,
    output wire signed [7:0]       mantissa
);

    localparam [4:0] FULL = WIDTH;

    wire [WIDTH-1:0] scaled;
    wire [6:0]       kept;
    wire             half;
    wire             rest;
    wire [7:0]       rounded;
    wire [6:0]       clamped;

    assign scaled  = magnitude << (FULL - length);
    assign kept    = scaled[WIDTH-1 -: 7];
    assign half    = scaled[WIDTH-8];
    assign rest    = |scaled[WIDTH-9:0];

    // Above half, or half with an odd kept part.
    assign rounded = {1'b0, kept} + {7'd0, half && (rest || kept[0])};

    // 127 and a carry make 128: clamped, in the positive and the negative.
    assign clamped  = rounded[7] ? 7'h7f : rounded[6:0];
    assign mantissa = negative ? 8'd0 - {1'b0, clamped} : {1'b0, clamped};

endmodule

`default_nettype wire
