// mu_gate: the head of a loop. Emits the initial token of an invocation,
// then the tokens that come round the loop.
//
// Every token of the loop says whether the loop goes on (`again`). If so, it
// is emitted with its data. If not, its data are dropped, and the next
// initial token is emitted instead. A reset leaves one token without `again`
// in the gate: the first thing to be emitted is an initial token.
//
// The token of the loop goes through a transparent slot, so it may be
// emitted in the very cycle in which it comes, and loop_ready says that the
// slot is empty. Generic in WIDTH.
`default_nettype none

module mu_gate #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    // Initial tokens, one an invocation
    input  wire [WIDTH-1:0] init_data,
    input  wire             init_valid,
    output wire             init_ready,
    // Tokens that come round the loop
    input  wire [WIDTH-1:0] loop_data,
    input  wire             loop_again,
    input  wire             loop_valid,
    output wire             loop_ready,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready
);

    reg             full;
    reg             full_again;
    reg [WIDTH-1:0] full_data;

    wire present;
    wire again;
    wire emit;

    assign present = full || loop_valid;
    assign again   = full ? full_again : loop_again;

    assign loop_ready = !full;
    assign out_valid  = present && (again || init_valid);
    assign out_data   = !again ? init_data : full ? full_data : loop_data;
    assign init_ready = present && !again && out_ready;
    assign emit       = out_valid && out_ready;

    always @(posedge clk) begin
        if (rst) begin
            full       <= 1'b1;
            full_again <= 1'b0;
        end else begin
            full       <= present && !emit;
            full_again <= again;
        end
    end

    // The payload needs no reset: full and full_again qualify it.
    always @(posedge clk) begin
        if (loop_valid && loop_ready)
            full_data <= loop_data;
    end

endmodule

`default_nettype wire
