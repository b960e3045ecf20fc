// lane_product: one multiplier, with the selection of its lane.
//
// The product of a kept activation (1..127) and a weight (-128..127) lies in
// -16256..16129: 15 bits. Without a grant it is 0. Combinational.
`default_nettype none

module lane_product (
    input  wire               grant,
    input  wire        [2:0]  lane,
    input  wire        [55:0] a_bus,
    input  wire        [63:0] w_bus,
    output wire signed [14:0] product
);

    reg [6:0] a;
    reg [7:0] w;

    wire signed [14:0] a_wide;
    wire signed [14:0] w_wide;

    always @* begin
        case (lane)
            3'd0:    a = a_bus[6:0];
            3'd1:    a = a_bus[13:7];
            3'd2:    a = a_bus[20:14];
            3'd3:    a = a_bus[27:21];
            3'd4:    a = a_bus[34:28];
            3'd5:    a = a_bus[41:35];
            3'd6:    a = a_bus[48:42];
            default: a = a_bus[55:49];
        endcase
    end

    always @* begin
        case (lane)
            3'd0:    w = w_bus[7:0];
            3'd1:    w = w_bus[15:8];
            3'd2:    w = w_bus[23:16];
            3'd3:    w = w_bus[31:24];
            3'd4:    w = w_bus[39:32];
            3'd5:    w = w_bus[47:40];
            3'd6:    w = w_bus[55:48];
            default: w = w_bus[63:56];
        endcase
    end

    assign a_wide  = {8'd0, a};
    assign w_wide  = {{7{w[7]}}, w};
    assign product = grant ? a_wide * w_wide : 15'sd0;

endmodule

`default_nettype wire
