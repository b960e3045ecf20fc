// inverse_root: 1 / sqrt(variance) as factor * 2^(-7 - half).
//
// With p the place of the leading one (0..13): half = floor(p / 2), and the
// table is asked with {p odd, the four bits behind the leading one}. flat is
// high for variance 0, which has no inverse root. Combinational.
`default_nettype none

module inverse_root (
    input  wire [13:0] variance,
    output wire        flat,
    output wire [2:0]  half,
    output wire [7:0]  factor
);

    wire [3:0]  length;
    wire [3:0]  p;
    wire [12:0] fraction;
    wire [8:0]  fraction_unused;
    wire [3:0]  f;

    norm_bit_length leading_one (
        .value  ({1'b0, variance}),
        .length (length)
    );

    assign flat = length == 4'd0;
    assign p    = length - 4'd1;
    assign half = p[3:1];

    // The leading one moves out at the top; what is behind it starts at bit 12.
    assign fraction             = variance[12:0] << (4'd13 - p);
    assign {f, fraction_unused} = fraction;

    root_lut lut (
        .index  ({p[0], f}),
        .factor (factor)
    );

endmodule

`default_nettype wire
