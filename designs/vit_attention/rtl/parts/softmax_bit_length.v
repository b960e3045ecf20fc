// softmax_bit_length: number of bits of a seven-bit value (position of the leading
// one, counted from 1; 0 for value 0). Combinational.
`default_nettype none

module softmax_bit_length (
    input  wire [6:0] value,
    output wire [2:0] length
);

    assign length = value[6] ? 3'd7 :
                    value[5] ? 3'd6 :
                    value[4] ? 3'd5 :
                    value[3] ? 3'd4 :
                    value[2] ? 3'd3 :
                    value[1] ? 3'd2 :
                    value[0] ? 3'd1 : 3'd0;

endmodule

`default_nettype wire
