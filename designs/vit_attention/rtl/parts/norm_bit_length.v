// norm_bit_length: number of bits of a fifteen-bit value (position of the leading
// one, counted from 1; 0 for value 0). Combinational.
`default_nettype none

module norm_bit_length (
    input  wire [14:0] value,
    output wire [3:0]  length
);

    assign length = value[14] ? 4'd15 :
                    value[13] ? 4'd14 :
                    value[12] ? 4'd13 :
                    value[11] ? 4'd12 :
                    value[10] ? 4'd11 :
                    value[9]  ? 4'd10 :
                    value[8]  ? 4'd9 :
                    value[7]  ? 4'd8 :
                    value[6]  ? 4'd7 :
                    value[5]  ? 4'd6 :
                    value[4]  ? 4'd5 :
                    value[3]  ? 4'd4 :
                    value[2]  ? 4'd3 :
                    value[1]  ? 4'd2 :
                    value[0]  ? 4'd1 : 4'd0;

endmodule

`default_nettype wire
