// line_extremes: least and greatest of eight signed elements. Combinational.
`default_nettype none

module line_extremes (
    input  wire [63:0] elements,
    output reg  [7:0]  low,
    output reg  [7:0]  high
);

    reg [7:0] x;
    integer   i;

    always @* begin
        x    = elements[7:0];
        low  = elements[7:0];
        high = elements[7:0];
        for (i = 1; i < 8; i = i + 1) begin
            x = elements[8*i +: 8];
            if ($signed(x) < $signed(low))
                low = x;
            if ($signed(x) > $signed(high))
                high = x;
        end
    end

endmodule

`default_nettype wire
