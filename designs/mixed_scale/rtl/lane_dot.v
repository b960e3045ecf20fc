// lane_dot: products of one lane of eight bits, at the precision of the block.
//
// 0: one product of 8 x 8 bits        1: two of 4 x 4 bits
// 2: four of 2 x 2 bits               3: one of 8 x 4 bits, the upper half of
//                                        the weight is not looked at
// Combinational.
`default_nettype none

module lane_dot (
    input  wire [1:0]         prec,
    input  wire [7:0]         x,
    input  wire [7:0]         w,
    output reg  signed [15:0] y
);

    wire signed [15:0] x_whole;
    wire signed [15:0] w_whole;
    wire signed [15:0] x_low;
    wire signed [15:0] w_low;
    wire signed [15:0] x_high;
    wire signed [15:0] w_high;
    wire signed [15:0] x_0;
    wire signed [15:0] w_0;
    wire signed [15:0] x_1;
    wire signed [15:0] w_1;
    wire signed [15:0] x_2;
    wire signed [15:0] w_2;
    wire signed [15:0] x_3;
    wire signed [15:0] w_3;

    assign x_whole = {{8{x[7]}}, x};
    assign w_whole = {{8{w[7]}}, w};
    assign x_low   = {{12{x[3]}}, x[3:0]};
    assign w_low   = {{12{w[3]}}, w[3:0]};
    assign x_high  = {{12{x[7]}}, x[7:4]};
    assign w_high  = {{12{w[7]}}, w[7:4]};
    assign x_0     = {{14{x[1]}}, x[1:0]};
    assign w_0     = {{14{w[1]}}, w[1:0]};
    assign x_1     = {{14{x[3]}}, x[3:2]};
    assign w_1     = {{14{w[3]}}, w[3:2]};
    assign x_2     = {{14{x[5]}}, x[5:4]};
    assign w_2     = {{14{w[5]}}, w[5:4]};
    assign x_3     = {{14{x[7]}}, x[7:6]};
    assign w_3     = {{14{w[7]}}, w[7:6]};

    always @* begin
        case (prec)
            2'd0:    y = x_whole * w_whole;
            2'd1:    y = x_low * w_low + x_high * w_high;
            2'd2:    y = x_0 * w_0 + x_1 * w_1 + x_2 * w_2 + x_3 * w_3;
            default: y = x_whole * w_low;
        endcase
    end

endmodule

`default_nettype wire
