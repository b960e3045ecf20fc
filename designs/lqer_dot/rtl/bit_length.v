// bit_length: number of bits of an unsigned value (position of the leading
// one, counted from 1; 0 for value 0). WIDTH is at most 31. Combinational.
`default_nettype none

module bit_length #(
    parameter WIDTH = 25
) (
    input  wire [WIDTH-1:0] value,
    output reg  [4:0]       length
);

    integer place;

    always @* begin
        length = 5'd0;
        for (place = 0; place < WIDTH; place = place + 1) begin
            if (value[place])
                length = place[4:0] + 5'd1;
        end
    end

endmodule

`default_nettype wire
