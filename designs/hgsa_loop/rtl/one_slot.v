// one_slot: elastic buffer of one token that breaks the forward path.
//
// A token pushed in cycle t can be popped in t + 1 at the earliest. The slot
// takes a new token in the very cycle in which the old one leaves, so it
// runs at one token a cycle; in_ready therefore depends on out_ready.
// Generic in WIDTH.
`default_nettype none

module one_slot #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] in_data,
    input  wire             in_valid,
    output wire             in_ready,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready
);

    reg             full;
    reg [WIDTH-1:0] data;

    assign in_ready  = !full || out_ready;
    assign out_valid = full;
    assign out_data  = data;

    always @(posedge clk) begin
        if (rst)
            full <= 1'b0;
        else if (in_ready)
            full <= in_valid;
    end

    // The payload needs no reset: full qualifies it.
    always @(posedge clk) begin
        if (in_valid && in_ready)
            data <= in_data;
    end

endmodule

`default_nettype wire
