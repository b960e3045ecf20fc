// left_side: the original of each rewrite, in words that never overflow.
//
// W is the width of an operand; the result has 2W + 1 bits, which hold every
// value of section 3. Combinational.
`default_nettype none

module left_side #(
    parameter W = 16
) (
    input  wire               [3:0]       rule,
    input  wire signed        [W-1:0]     a,
    input  wire signed        [W-1:0]     b,
    input  wire signed        [W-1:0]     c,
    input  wire               [3:0]       k,
    output reg  signed        [2*W:0]     y
);

    localparam H = W / 2;

    wire signed [2*W:0] ax;
    wire signed [2*W:0] bx;
    wire signed [2*W:0] cx;
    wire signed [2*W:0] sum;
    wire signed [2*W:0] wrapped;
    wire signed [2*W:0] clipped;
    wire signed [2*W:0] clipped_twice;
    wire signed [2*W:0] size_a;
    wire signed [2*W:0] size_b;
    wire signed [2*W:0] part;
    wire signed [2*W:0] low_a;
    wire signed [2*W:0] low_c;
    wire        [2*W:0] unsigned_a;
    wire                less;

    assign ax = {{(W+1){a[W-1]}}, a};
    assign bx = {{(W+1){b[W-1]}}, b};
    assign cx = {{(W+1){c[W-1]}}, c};

    assign sum     = ax + bx;
    assign wrapped = {{(W+1){sum[W-1]}}, sum[W-1:0]};
    assign less    = a < b;

    saturate #(.W (W)) inner (.x (sum), .y (clipped));
    saturate #(.W (W)) outer (.x (clipped + cx), .y (clipped_twice));

    assign size_a     = a[W-1] ? -ax : ax;
    assign size_b     = b[W-1] ? -bx : bx;
    assign part       = size_a >>> k;
    assign low_a      = {{(2*W+1-H){a[H-1]}}, a[H-1:0]};
    assign low_c      = {{(2*W+1-H){c[H-1]}}, c[H-1:0]};
    assign unsigned_a = {{(W+1){1'b0}}, a};

    always @* begin
        case (rule)
            4'd0:    y = sum + cx;
            4'd1:    y = clipped_twice;
            4'd2:    y = sum * cx;
            4'd3:    y = ax * cx + bx * cx;
            4'd4:    y = ax * ({{(2*W){1'b0}}, 1'b1} << k);
            4'd5:    y = a[W-1] ? -part : part;
            4'd6:    y = sum >>> 1;
            4'd7:    y = less ? cx : {(2*W+1){1'b0}};
            4'd8:    y = less ? bx - ax : ax - bx;
            4'd9:    y = low_a + low_c;
            4'd10:   y = (sum >>> k) + wrapped;
            4'd11:   y = size_a - size_b;
            4'd12:   y = ax * 7;
            4'd13:   y = unsigned_a / 3;
            4'd14:   y = {{(2*W){1'b0}}, less};
            default: y = ax;
        endcase
    end

endmodule

`default_nettype wire
