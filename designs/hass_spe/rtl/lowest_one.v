// lowest_one: the lowest bit set in an eight-bit value, as a one-hot word and
// as a number (both 0 for value 0). Combinational.
`default_nettype none

module lowest_one (
    input  wire [7:0] value,
    output wire [7:0] hot,
    output wire [2:0] index
);

    assign hot = value & (~value + 8'd1);

    assign index = {hot[7] | hot[6] | hot[5] | hot[4],
                    hot[7] | hot[6] | hot[3] | hot[2],
                    hot[7] | hot[5] | hot[3] | hot[1]};

endmodule

`default_nettype wire
