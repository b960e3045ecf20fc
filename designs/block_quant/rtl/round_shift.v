// round_shift: significand / 2^(8 + extra), rounded to the nearest integer,
// ties to even. Combinational.
//
// The result is at most 128: without extra shift the only significand is
// 32768, and with extra = 1 the greatest one, 65535, gives 127.998.
`default_nettype none

module round_shift (
    input  wire [15:0] significand,
    input  wire [3:0]  extra,
    output wire [7:0]  rounded
);

    wire [31:0] shifted;
    wire        half;
    wire        sticky;
    wire        round_up;

    // Integer part in bits 31..24; no bit is lost below, as extra <= 15.
    assign shifted  = {significand, 16'd0} >> extra;
    assign half     = shifted[23];
    assign sticky   = shifted[22:0] != 23'd0;
    assign round_up = half && (sticky || shifted[24]);
    assign rounded  = shifted[31:24] + {7'd0, round_up};

endmodule

`default_nettype wire
