// leading_one: position of the highest set bit of a 16-bit value, 0..15, that
// is floor(log2 value), and whether the value is 0 (then the position is 0,
// too). Combinational.
`default_nettype none

module leading_one (
    input  wire [15:0] value,
    output wire [3:0]  position,
    output wire        zero
);

    wire [7:0] upper;
    wire [7:0] byte_value;
    wire [3:0] nibble;
    wire [1:0] pair;

    // Halve the search three times: byte, nibble, pair of bits.
    assign upper       = value[15:8];
    assign position[3] = upper != 8'd0;
    assign byte_value  = position[3] ? upper : value[7:0];

    assign position[2] = byte_value[7:4] != 4'd0;
    assign nibble      = position[2] ? byte_value[7:4] : byte_value[3:0];

    assign position[1] = nibble[3:2] != 2'd0;
    assign pair        = position[1] ? nibble[3:2] : nibble[1:0];

    assign position[0] = pair[1];
    assign zero        = pair == 2'd0;

endmodule

`default_nettype wire
