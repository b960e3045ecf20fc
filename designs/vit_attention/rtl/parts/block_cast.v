// block_cast: common exponent and mantissas of the four lanes of a beat.
//
// The exponent follows the bit length of the largest magnitude: it puts its
// leading one at mantissa bit 6, but is never below -8. Combinational.
`default_nettype none

module block_cast (
    input  wire [63:0]       z,
    output wire signed [3:0] exponent,
    output wire [31:0]       mantissas
);

    wire [14:0] bits;
    wire [3:0]  length;
    wire [59:0] magnitudes;

    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : lane
            // At most 24512: 15 bits.
            assign magnitudes[15*i+14:15*i] = z[16*i+15] ? 15'd0 - z[16*i+14:16*i] : z[16*i+14:16*i];

            norm_lane_cast cast (
                .z        (z[16*i+15:16*i]),
                .length   (length),
                .mantissa (mantissas[8*i+7:8*i])
            );
        end
    endgenerate

    // The bit length of the largest is that of all four together.
    assign bits = magnitudes[59:45] | magnitudes[44:30] | magnitudes[29:15] | magnitudes[14:0];

    norm_bit_length block_length (
        .value  (bits),
        .length (length)
    );

    // length - 11 is -11..4; below -8 it is lifted. Four bits hold the rest.
    assign exponent = (length < 4'd3) ? 4'd8 : length + 4'd5;

endmodule

`default_nettype wire
