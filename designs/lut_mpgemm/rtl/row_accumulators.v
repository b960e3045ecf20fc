// row_accumulators: a sum for each of up to eight rows of a tile.
//
// The sum of the tile's first group replaces what is there, later ones are
// added. Reading is combinational.
`default_nettype none

module row_accumulators (
    input  wire               clk,
    input  wire               add,
    input  wire        [2:0]  add_row,
    input  wire               add_first,
    input  wire signed [13:0] add_sum,
    input  wire        [2:0]  read_row,
    output wire signed [16:0] read_sum
);

    reg signed [16:0] sums [0:7];

    wire signed [16:0] earlier;

    // Eight groups of -7680..7680: -61440..61440, 17 bits.
    assign earlier   = add_first ? 17'd0 : sums[add_row];
    assign read_sum = sums[read_row];

    always @(posedge clk) begin
        if (add)
            sums[add_row] <= earlier + {{3{add_sum[13]}}, add_sum};
    end

endmodule

`default_nettype wire
