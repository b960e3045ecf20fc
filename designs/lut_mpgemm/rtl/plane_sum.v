// plane_sum: second half of a lookup. The values found for the planes are
// registered; a cycle later those of the planes in use are weighted by their
// powers of two and added.
//
// One cycle of latency, a row a cycle. valid, row and first come out together
// with the sum.
`default_nettype none

module plane_sum (
    input  wire               clk,
    input  wire               rst,
    input  wire               take,
    input  wire        [2:0]  take_row,
    input  wire               take_first,
    input  wire        [1:0]  bits_m1,
    input  wire signed [10:0] value0,
    input  wire signed [10:0] value1,
    input  wire signed [10:0] value2,
    input  wire signed [10:0] value3,
    output reg                valid,
    output reg         [2:0]  row,
    output reg                first,
    output wire signed [13:0] sum
);

    reg signed [10:0] t0;
    reg signed [10:0] t1;
    reg signed [10:0] t2;
    reg signed [10:0] t3;
    reg        [1:0]  top;

    wire signed [13:0] term0;
    wire signed [13:0] term1;
    wire signed [13:0] term2;
    wire signed [13:0] term3;

    always @(posedge clk) begin
        if (rst)
            valid <= 1'b0;
        else
            valid <= take;
    end

    always @(posedge clk) begin
        if (take) begin
            row   <= take_row;
            first <= take_first;
            top   <= bits_m1;
            t0    <= value0;
            t1    <= value1;
            t2    <= value2;
            t3    <= value3;
        end
    end

    // Plane p counts 2^p; planes above the top one do not count. The sum lies
    // in -7680..7680: 14 bits.
    assign term0 = {{3{t0[10]}}, t0};
    assign term1 = (top >= 2'd1) ? {{2{t1[10]}}, t1, 1'b0} : 14'd0;
    assign term2 = (top >= 2'd2) ? {t2[10], t2, 2'b00} : 14'd0;
    assign term3 = (top == 2'd3) ? {t3, 3'b000} : 14'd0;
    assign sum   = term0 + term1 + term2 + term3;

endmodule

`default_nettype wire
