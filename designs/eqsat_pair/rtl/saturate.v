// saturate: clips a word of 2W + 1 bits to the range of W bits. Combinational.
`default_nettype none

module saturate #(
    parameter W = 16
) (
    input  wire signed [2*W:0] x,
    output wire signed [2*W:0] y
);

    localparam signed [2*W:0] HIGH = {{(W+2){1'b0}}, {(W-1){1'b1}}};
    localparam signed [2*W:0] LOW  = {{(W+2){1'b1}}, {(W-1){1'b0}}};

    assign y = (x > HIGH) ? HIGH : (x < LOW) ? LOW : x;

endmodule

`default_nettype wire
