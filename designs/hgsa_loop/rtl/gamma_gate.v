// gamma_gate: joins the two branches of a condition again, in the order of
// the selecting tokens.
//
// The token at the head of `select` names the branch whose token comes next.
// Only that branch is read; a token of the other one waits, however long it
// has been there. The select token and the branch token are consumed
// together.
`default_nettype none

module gamma_gate #(
    parameter WIDTH = 15
) (
    input  wire             select,
    input  wire             select_valid,
    output wire             select_ready,
    input  wire [WIDTH-1:0] true_data,
    input  wire             true_valid,
    output wire             true_ready,
    input  wire [WIDTH-1:0] false_data,
    input  wire             false_valid,
    output wire             false_ready,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready
);

    wire take;

    assign out_data  = select ? true_data : false_data;
    assign out_valid = select_valid && (select ? true_valid : false_valid);
    assign take      = out_valid && out_ready;

    assign select_ready = take;
    assign true_ready   = take && select;
    assign false_ready  = take && !select;

endmodule

`default_nettype wire
