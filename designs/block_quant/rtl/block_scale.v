// block_scale: the shared exponent of a block, from its peak and format.
// Combinational.
//
// Block minifloat takes floor(log2 peak), the other two formats take
// ceil(log2 peak). They differ by one unless the peak is a power of two. The
// peak is at most 2^15, so both lie in 0..15. A block of zeros has 0.
`default_nettype none

module block_scale (
    input  wire [15:0] peak,
    input  wire [1:0]  format,
    output wire [3:0]  exponent,
    output wire        zero
);

    localparam [1:0] BM = 2'd1;

    wire [3:0]  floor_log;
    wire [15:0] below_leading;
    wire        power_of_two;

    leading_one leading (
        .value    (peak),
        .position (floor_log),
        .zero     (zero)
    );

    // A power of two shares no bit with the number one less; nor does 0.
    assign below_leading = peak & (peak - 16'd1);
    assign power_of_two  = below_leading == 16'd0;

    assign exponent = (power_of_two || (format == BM)) ? floor_log : floor_log + 4'd1;

endmodule

`default_nettype wire
