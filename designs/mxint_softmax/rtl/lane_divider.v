// lane_divider: quotient = floor(sig * 1024 / divisor), restoring, one
// quotient bit a step, seven steps.
//
// Requires 1024 <= divisor <= 29952. Then sig * 8 <= 936 < divisor, so the
// quotient has at most seven bits: the remainder starts at sig * 8 (the upper
// part of the dividend) and seven zero bits follow.
`default_nettype none

module lane_divider (
    input  wire        clk,
    input  wire        load,
    input  wire        step,
    input  wire [6:0]  sig,
    input  wire [14:0] divisor,
    output wire [6:0]  quotient
);

    reg [14:0] rem;
    reg [6:0]  quot;

    wire [15:0] doubled;
    wire [15:0] difference;
    wire        fits;

    // rem < divisor, so 2 * rem - divisor lies in -29952..29951: bit 15 of
    // the 16-bit difference is its sign.
    assign doubled    = {rem, 1'b0};
    assign difference = doubled - {1'b0, divisor};
    assign fits       = !difference[15];
    assign quotient   = quot;

    always @(posedge clk) begin
        if (load) begin
            rem  <= {5'b00000, sig, 3'b000};
            quot <= 7'd0;
        end else if (step) begin
            rem  <= fits ? difference[14:0] : doubled[14:0];
            quot <= {quot[5:0], fits};
        end
    end

endmodule

`default_nettype wire
