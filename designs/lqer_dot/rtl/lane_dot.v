// lane_dot: dot product of eight lanes, x (8 bit) with v (V_WIDTH bit), both
// signed; lane 0 stands in the least significant bits. Combinational.
//
// Eight products of -2^7 * -2^(V_WIDTH-1) make 2^(V_WIDTH+9), so V_WIDTH + 11
// bits hold every result. PRODUCT and RESULT follow from V_WIDTH.
`default_nettype none

module lane_dot #(
    parameter V_WIDTH = 8,
    parameter PRODUCT = V_WIDTH + 8,
    parameter RESULT  = V_WIDTH + 11
) (
    input  wire        [63:0]          x,
    input  wire        [8*V_WIDTH-1:0] v,
    output reg  signed [RESULT-1:0]    dot
);

    reg signed [PRODUCT-1:0] x_wide;
    reg signed [PRODUCT-1:0] v_wide;
    reg signed [PRODUCT-1:0] product;

    integer lane;

    always @* begin
        dot = {RESULT{1'b0}};
        for (lane = 0; lane < 8; lane = lane + 1) begin
            x_wide  = {{V_WIDTH{x[8*lane+7]}}, x[8*lane +: 8]};
            v_wide  = {{8{v[V_WIDTH*(lane+1)-1]}}, v[V_WIDTH*lane +: V_WIDTH]};
            product = x_wide * v_wide;
            dot     = dot + {{3{product[PRODUCT-1]}}, product};
        end
    end

endmodule

`default_nettype wire
