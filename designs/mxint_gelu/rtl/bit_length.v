// bit_length: number of bits of a 14-bit value (position of the leading one,
// counted from 1; 0 for value 0). Combinational.
`default_nettype none

module bit_length (
    input  wire [13:0] value,
    output reg  [3:0]  length
);

    integer i;

    always @* begin
        length = 4'd0;
        for (i = 0; i < 14; i = i + 1)
            if (value[i])
                length = i[3:0] + 4'd1;
    end

endmodule

`default_nettype wire
