// norm_lane: one difference in units of the deviation, five fraction bits.
//
// t = floor(diff * factor / 2^(half + 2)), saturated to eight bits; 0 in a
// flat row. Combinational.
`default_nettype none

module norm_lane (
    input  wire signed [8:0] diff,
    input  wire        [7:0] factor,
    input  wire        [2:0] half,
    input  wire              flat,
    output wire signed [7:0] t
);

    localparam signed [15:0] T_MAX = 16'sd127;
    localparam signed [15:0] T_MIN = -16'sd128;

    wire signed [15:0] product;
    wire signed [15:0] scaled;
    wire        [3:0]  shift;

    // At most 240 * 128 = 30720 in magnitude: 16 bits.
    assign product = {{7{diff[8]}}, diff} * {8'd0, factor};

    assign shift  = {1'b0, half} + 4'd2;
    assign scaled = product >>> shift;

    assign t = flat             ? 8'h00 :
               (scaled > T_MAX) ? 8'h7f :
               (scaled < T_MIN) ? 8'h80 : scaled[7:0];

endmodule

`default_nettype wire
