// pow2_lut: significand of 2^(r/8) for a three-bit fraction r.
//
// sig = round(2^(r/8) * 64): an unsigned number in [1, 2) with six fraction
// bits, so 64 <= sig <= 117. Combinational.
`default_nettype none

module pow2_lut (
    input  wire [2:0] r,
    output reg  [6:0] sig
);

    always @* begin
        case (r)
            3'd0:    sig = 7'd64;
            3'd1:    sig = 7'd70;
            3'd2:    sig = 7'd76;
            3'd3:    sig = 7'd83;
            3'd4:    sig = 7'd91;
            3'd5:    sig = 7'd99;
            3'd6:    sig = 7'd108;
            default: sig = 7'd117;
        endcase
    end

endmodule

`default_nettype wire
