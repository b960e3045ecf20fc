// align_shift: arithmetic right shift of a signed word by 0..63 places.
//
// It floors. The values that are aligned lie in -2^24..2^24 - 1, so a shift by
// 24 or more leaves the sign alone: 0 or -1. Combinational.
`default_nettype none

module align_shift #(
    parameter WIDTH = 22
) (
    input  wire signed [WIDTH-1:0] value,
    input  wire        [5:0]       shift,
    output wire signed [WIDTH-1:0] aligned
);

    localparam [5:0] FAR = 6'd24;

    wire signed [WIDTH-1:0] near;

    assign near    = value >>> shift[4:0];
    assign aligned = (shift >= FAR) ? {WIDTH{value[WIDTH-1]}} : near;

endmodule

`default_nettype wire
