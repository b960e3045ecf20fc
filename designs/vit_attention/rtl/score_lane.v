// score_lane: one score in the block exponent of its pair. Combinational.
//
// A score far below the block is floored away; one above it, because the
// exponent was clamped, is saturated.
`default_nettype none

module score_lane (
    input  wire        [7:0] mant,
    input  wire              zero,
    input  wire signed [6:0] exponent,
    input  wire signed [6:0] block,
    output reg         [7:0] aligned,
    output wire              clipped
);

    wire signed [7:0] gap;
    wire signed [7:0] value;
    wire        [2:0] amount;

    assign gap     = {block[6], block} - {exponent[6], exponent};
    assign value   = mant;
    assign amount  = (gap > 8'sd7) ? 3'd7 : gap[2:0];
    assign clipped = !zero && gap[7];

    always @* begin
        if (zero)
            aligned = 8'd0;
        else if (clipped)
            aligned = mant[7] ? 8'h80 : 8'h7f;
        else
            aligned = value >>> amount;
    end

endmodule

`default_nettype wire
