// lane_filter: does a pair of activation and weight take part in the sum?
//
// The activation must lie above its threshold (equality drops it, and so
// does any negative value); the weight's magnitude must reach its threshold
// (equality keeps it) and must not be 0. Combinational.
`default_nettype none

module lane_filter (
    input  wire [7:0] a,
    input  wire [7:0] w,
    input  wire [6:0] tau_a,
    input  wire [6:0] tau_w,
    output wire       keep
);

    wire [7:0] magnitude;
    wire       keep_a;
    wire       keep_w;

    // 0..128: eight bits, unsigned.
    assign magnitude = w[7] ? (8'd0 - w) : w;

    assign keep_a = !a[7] && (a[6:0] > tau_a);
    assign keep_w = (magnitude >= {1'b0, tau_w}) && (magnitude != 8'd0);
    assign keep   = keep_a && keep_w;

endmodule

`default_nettype wire
