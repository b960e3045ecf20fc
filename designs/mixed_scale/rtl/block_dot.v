// block_dot: dot product of one block of four lanes, -65024..65536.
// Combinational.
`default_nettype none

module block_dot (
    input  wire [1:0]         prec,
    input  wire [31:0]        x,
    input  wire [31:0]        w,
    output wire signed [17:0] p
);

    wire signed [15:0] lane_0;
    wire signed [15:0] lane_1;
    wire signed [15:0] lane_2;
    wire signed [15:0] lane_3;

    lane_dot dot_0 (.prec (prec), .x (x[7:0]),   .w (w[7:0]),   .y (lane_0));
    lane_dot dot_1 (.prec (prec), .x (x[15:8]),  .w (w[15:8]),  .y (lane_1));
    lane_dot dot_2 (.prec (prec), .x (x[23:16]), .w (w[23:16]), .y (lane_2));
    lane_dot dot_3 (.prec (prec), .x (x[31:24]), .w (w[31:24]), .y (lane_3));

    assign p = {{2{lane_0[15]}}, lane_0} + {{2{lane_1[15]}}, lane_1}
             + {{2{lane_2[15]}}, lane_2} + {{2{lane_3[15]}}, lane_3};

endmodule

`default_nettype wire
