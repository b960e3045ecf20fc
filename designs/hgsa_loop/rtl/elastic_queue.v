// elastic_queue: elastic buffer of two tokens, first in, first out.
//
// A token pushed in cycle t can be popped in t + 1 at the earliest. A full
// queue takes a token in the very cycle in which its oldest one is popped:
// in_ready depends on out_ready. Generic in WIDTH.
//
// The oldest token always stands in `head`; `tail` is used at level 2 only.
`default_nettype none

module elastic_queue #(
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
    output wire [1:0]       level
);

    localparam [1:0] FULL = 2'd2;

    reg [1:0]       count;
    reg [WIDTH-1:0] head;
    reg [WIDTH-1:0] tail;

    wire push;
    wire pop;
    wire stays;

    assign in_ready  = (count != FULL) || out_ready;
    assign out_valid = count != 2'd0;
    assign out_data  = head;
    assign level     = count;

    assign push  = in_valid && in_ready;
    assign pop   = out_valid && out_ready;
    assign stays = out_valid && !out_ready;

    always @(posedge clk) begin
        if (rst)
            count <= 2'd0;
        else if (push && !pop)
            count <= count + 2'd1;
        else if (pop && !push)
            count <= count - 2'd1;
    end

    // The payload needs no reset: count says what is valid.
    always @(posedge clk) begin
        if (!stays)
            head <= (count == FULL) ? tail : in_data;
        if (push)
            tail <= in_data;
    end

endmodule

`default_nettype wire
