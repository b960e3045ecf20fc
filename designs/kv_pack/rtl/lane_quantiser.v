// lane_quantiser: code = floor((2 * d * maxq + range) / (2 * range)) of one
// element, d = x - low; restoring, one code bit a step.
//
// maxq is 15 (four steps) or 3 (two steps). The divisor comes from outside,
// 2 * range shifted left by 3, 2, 1, 0 (or 1, 0) in successive steps. As
// d <= range the code has at most four (or two) bits. A constant line
// (range = 0) has code 0; its numerator and divisor are 0.
`default_nettype none

module lane_quantiser (
    input  wire        clk,
    input  wire        load,
    input  wire        step,
    input  wire        two_bit,
    input  wire [7:0]  x,
    input  wire [7:0]  low,
    input  wire [7:0]  range,
    input  wire [11:0] divisor,
    output wire [3:0]  code
);

    reg [12:0] rem;
    reg [3:0]  quot;

    wire [7:0]  d;
    wire [11:0] times_3;
    wire [11:0] times_15;
    wire [12:0] numerator;
    wire [13:0] difference;
    wire        fits;

    // low <= x <= low + 255: the difference of the eight-bit words is d.
    assign d         = x - low;
    assign times_3   = {3'b000, d, 1'b0} + {4'b0000, d};
    assign times_15  = {d, 4'b0000} - {4'b0000, d};

    // At most 2 * 3825 + 255 = 7905: 13 bits.
    assign numerator = {two_bit ? times_3 : times_15, 1'b0} + {5'b00000, range};

    assign difference = {1'b0, rem} - {2'b00, divisor};
    assign fits       = !difference[13] && (range != 8'd0);
    assign code       = quot;

    always @(posedge clk) begin
        if (load) begin
            rem  <= numerator;
            quot <= 4'd0;
        end else if (step) begin
            rem  <= fits ? difference[12:0] : rem;
            quot <= {quot[2:0], fits};
        end
    end

endmodule

`default_nettype wire
