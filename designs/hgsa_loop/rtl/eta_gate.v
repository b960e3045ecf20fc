// eta_gate: lets a token through if its condition holds, and swallows it
// otherwise.
//
// A swallowed token is taken at once, whether or not the consumer is ready.
`default_nettype none

module eta_gate (
    input  wire in_valid,
    output wire in_ready,
    input  wire pass,
    output wire out_valid,
    input  wire out_ready
);

    assign out_valid = in_valid && pass;
    assign in_ready  = !pass || out_ready;

endmodule

`default_nettype wire
