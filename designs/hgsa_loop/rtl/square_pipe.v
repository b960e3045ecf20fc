// square_pipe: x * x in a delay line of three stages.
//
// The line shifts as a whole, holes included, unless its last stage holds a
// square that is not taken; then all stages stand still.
//
//   stage 1   x
//   stage 2   x * high and x * low, where x = 16 * high + low,
//             high in -8..7, low in 0..15
//   stage 3   16 * (x * high) + x * low, in 0..16129
//
// x = -128 is never squared, because it is above no threshold. So the square
// needs 14 bits, unsigned, and the products count modulo 2^10 and 2^14 only.
`default_nettype none

module square_pipe (
    input  wire        clk,
    input  wire        rst,
    input  wire [7:0]  in_data,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [13:0] out_data,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  stages
);

    reg         [2:0]  valid;
    reg  signed [7:0]  x;
    reg  signed [9:0]  times_high;
    reg  signed [12:0] times_low;
    reg         [13:0] square;

    wire               shift;
    wire signed [3:0]  high;
    wire signed [4:0]  low;

    assign shift     = !valid[2] || out_ready;
    assign in_ready  = shift;
    assign out_valid = valid[2];
    assign out_data  = square;
    assign stages    = valid;

    assign high = x[7:4];
    assign low  = {1'b0, x[3:0]};

    always @(posedge clk) begin
        if (rst)
            valid <= 3'd0;
        else if (shift)
            valid <= {valid[1:0], in_valid};
    end

    // Payload registers need no reset: valid qualifies them.
    always @(posedge clk) begin
        if (shift) begin
            x          <= in_data;
            times_high <= x * high;
            times_low  <= x * low;
            square     <= {times_high, 4'd0} + {times_low[12], times_low};
        end
    end

endmodule

`default_nettype wire
