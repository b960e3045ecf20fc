// transparent_slot: elastic buffer of one token that breaks the backward
// path.
//
// An empty slot lets a token through in the same cycle; if the consumer does
// not take it there, the slot keeps it. in_ready is the empty flag alone, so
// nothing behind the slot can hold back a token that meets it empty.
// Generic in WIDTH.
`default_nettype none

module transparent_slot #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] in_data,
    input  wire             in_valid,
    output wire             in_ready,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready,
    output wire             held
);

    reg             full;
    reg [WIDTH-1:0] data;

    assign in_ready  = !full;
    assign out_valid = full || in_valid;
    assign out_data  = full ? data : in_data;
    assign held      = full;

    always @(posedge clk) begin
        if (rst)
            full <= 1'b0;
        else
            full <= out_valid && !out_ready;
    end

    // The payload needs no reset: full qualifies it.
    always @(posedge clk) begin
        if (in_valid && in_ready)
            data <= in_data;
    end

endmodule

`default_nettype wire
