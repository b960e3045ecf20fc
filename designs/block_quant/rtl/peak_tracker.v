// peak_tracker: greatest magnitude of the open block, on the fly.
//
// `peak` includes the element that is offered now (combinational). The first
// element of a block is compared with 0, later ones with what was stored.
// |-32768| is 32768, so a magnitude has 16 bits, unsigned.
`default_nettype none

module peak_tracker (
    input  wire        clk,
    input  wire        take,
    input  wire        first,
    input  wire [15:0] x,
    output wire [15:0] peak
);

    reg [15:0] peak_so_far;

    wire [15:0] magnitude;
    wire [15:0] base;

    assign magnitude = x[15] ? 16'd0 - x : x;
    assign base      = first ? 16'd0 : peak_so_far;
    assign peak      = (magnitude > base) ? magnitude : base;

    // No reset: the first element of a block does not look at it.
    always @(posedge clk) begin
        if (take)
            peak_so_far <= peak;
    end

endmodule

`default_nettype wire
