// exp_lane: exponential of one MXInt element, e^x as sig * 2^(n - 6).
//
// x = mant * 2^(exp - 7). log2(e) is approximated by 92 / 64 = 1.4375, so
//   log2(e^x) * 8 = 92 * mant * 2^(exp - 10),
// which is floored and saturated to seven bits; the upper four bits are the
// integer part n, the lower three the fraction r. Combinational.
`default_nettype none

module exp_lane (
    input  wire signed [7:0] mant,
    input  wire        [3:0] exponent,
    output wire signed [3:0] n,
    output wire        [6:0] sig
);

    localparam signed [15:0] LOG2E_X64 = 16'sd92;
    localparam signed [15:0] Y_MAX     = 16'sd63;
    localparam signed [15:0] Y_MIN     = -16'sd64;

    wire signed [15:0] mant_wide;
    wire signed [15:0] product;
    wire signed [15:0] scaled;
    wire        [4:0]  shift;
    wire        [6:0]  y;

    // 92 * mant lies in -11776..11684: 16 bits hold it.
    assign mant_wide = {{8{mant[7]}}, mant};
    assign product   = LOG2E_X64 * mant_wide;

    // 10 - exponent lies in 3..18: five bits, unsigned. The arithmetic right
    // shift is the floor, for negative products too (shifts of 16 and more
    // leave 0 or -1).
    assign shift  = 5'd10 - {exponent[3], exponent};
    assign scaled = product >>> shift;

    // Saturate to the signed seven-bit range.
    assign y = (scaled > Y_MAX) ? 7'h3f :
               (scaled < Y_MIN) ? 7'h40 : scaled[6:0];

    assign n = y[6:3];

    pow2_lut lut (
        .r   (y[2:0]),
        .sig (sig)
    );

endmodule

`default_nettype wire
