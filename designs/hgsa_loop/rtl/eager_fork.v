// eager_fork: hands one token to several consumers, to each as soon as it is
// ready for it.
//
// One bit a consumer says that the present token has already been sent
// there. The token leaves its producer in the cycle in which the last
// consumer takes it; then all bits are cleared for the next token, which may
// come in the next cycle. Generic in CONSUMERS.
`default_nettype none

module eager_fork #(
    parameter CONSUMERS = 2
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 in_valid,
    output wire                 in_ready,
    output wire [CONSUMERS-1:0] out_valid,
    input  wire [CONSUMERS-1:0] out_ready,
    output reg  [CONSUMERS-1:0] sent
);

    wire [CONSUMERS-1:0] taken;

    assign out_valid = {CONSUMERS{in_valid}} & ~sent;
    assign taken     = out_valid & out_ready;
    assign in_ready  = &(sent | out_ready);

    always @(posedge clk) begin
        if (rst || (in_valid && in_ready))
            sent <= {CONSUMERS{1'b0}};
        else
            sent <= sent | taken;
    end

endmodule

`default_nettype wire
