// reciprocal: floor(4096 / (4 * (last + 1))), the factor that stands for the
// division by the number of elements of a row. Exact but for 12 elements.
// Combinational.
`default_nettype none

module reciprocal (
    input  wire [1:0]  last,
    output reg  [10:0] inverse
);

    always @* begin
        case (last)
            2'd0:    inverse = 11'd1024;
            2'd1:    inverse = 11'd512;
            2'd2:    inverse = 11'd341;
            default: inverse = 11'd256;
        endcase
    end

endmodule

`default_nettype wire
