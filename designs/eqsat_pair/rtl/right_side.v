// right_side: the rewritten form of each rule.
//
// With `wide` the words between the operations are wide enough, and the
// result is that of left_side for all operands. Without it one word is too
// narrow, and the two differ where section 3 says. Combinational.
`default_nettype none

module right_side #(
    parameter W = 16
) (
    input  wire               [3:0]       rule,
    input  wire                           wide,
    input  wire signed        [W-1:0]     a,
    input  wire signed        [W-1:0]     b,
    input  wire signed        [W-1:0]     c,
    input  wire               [3:0]       k,
    output reg  signed        [2*W:0]     y
);

    localparam H = W / 2;
    localparam [2*W:0] ONE   = 1;
    localparam [2*W:0] HALF  = ONE << (H - 1);
    localparam [2*W:0] CARRY = ONE << W;
    // (2^(W+1) + 1) / 3 and (2^W + 2) / 3
    localparam [2*W:0] THIRD       = ((ONE << (W + 1)) + 1) / 3;
    localparam [2*W:0] SHORT_THIRD = ((ONE << W) + 2) / 3;

    localparam signed [2*W:0] HIGH = {{(W+2){1'b0}}, {(W-1){1'b1}}};
    localparam signed [2*W:0] LOW  = {{(W+2){1'b1}}, {(W-1){1'b0}}};

    wire signed [2*W:0] ax;
    wire signed [2*W:0] bx;
    wire signed [2*W:0] cx;

    // The inner words, exact and cut to W bits
    wire signed [2*W:0] sum_ab;
    wire signed [2*W:0] sum_bc;
    wire signed [2*W:0] sum_ac;
    wire signed [2*W:0] difference;
    wire signed [2*W:0] cut_ab;
    wire signed [2*W:0] cut_bc;
    wire signed [2*W:0] cut_ac;
    wire signed [2*W:0] cut_difference;
    wire signed [2*W:0] ab;
    wire signed [2*W:0] bc;
    wire signed [2*W:0] ac;
    wire signed [2*W:0] a_less_b;

    assign ax = {{(W+1){a[W-1]}}, a};
    assign bx = {{(W+1){b[W-1]}}, b};
    assign cx = {{(W+1){c[W-1]}}, c};

    assign sum_ab         = ax + bx;
    assign sum_bc         = bx + cx;
    assign sum_ac         = ax + cx;
    assign difference     = ax - bx;
    assign cut_ab         = {{(W+1){sum_ab[W-1]}}, sum_ab[W-1:0]};
    assign cut_bc         = {{(W+1){sum_bc[W-1]}}, sum_bc[W-1:0]};
    assign cut_ac         = {{(W+1){sum_ac[W-1]}}, sum_ac[W-1:0]};
    assign cut_difference = {{(W+1){difference[W-1]}}, difference[W-1:0]};
    assign ab             = wide ? sum_ab : cut_ab;
    assign bc             = wide ? sum_bc : cut_bc;
    assign ac             = wide ? sum_ac : cut_ac;
    assign a_less_b       = wide ? difference : cut_difference;

    // Rule 1: clipped once, to a range that has moved with c
    wire signed [2*W:0] total;
    wire signed [2*W:0] floor_c;
    wire signed [2*W:0] ceiling_c;
    wire signed [2*W:0] moved;
    wire signed [2*W:0] inner;
    wire signed [2*W:0] regrouped;

    assign total     = sum_ab + cx;
    assign floor_c   = c[W-1] ? LOW : LOW + cx;
    assign ceiling_c = c[W-1] ? HIGH + cx : HIGH;
    assign moved     = (total > ceiling_c) ? ceiling_c :
                       (total < floor_c)   ? floor_c   : total;

    saturate #(.W (W)) clip_inner (.x (sum_bc), .y (inner));
    saturate #(.W (W)) clip_outer (.x (ax + inner), .y (regrouped));

    // Rule 2: the sum of the products, of 2W bits if narrow
    wire signed [2*W:0] products;
    wire signed [2*W:0] cut_products;

    assign products     = ax * cx + bx * cx;
    assign cut_products = {products[2*W-1], products[2*W-1:0]};

    // Rule 4: a word of W + W/2 bits
    wire signed [2*W:0] shifted;
    wire signed [2*W:0] cut_shifted;

    assign shifted     = ax << k;
    assign cut_shifted = {{(2*W+1-W-H){shifted[W+H-1]}}, shifted[W+H-1:0]};

    // Rule 5: floors, so a negative dividend needs 2^k - 1 more
    wire signed [2*W:0] bias;
    wire signed [2*W:0] divided;

    assign bias    = (wide && a[W-1]) ? (ONE << k) - ONE : {(2*W+1){1'b0}};
    assign divided = (ax + bias) >>> k;

    // Rule 6: the mean without a carry
    wire signed [2*W:0] common;
    wire signed [2*W:0] other;

    assign common = ax & bx;
    assign other  = ax ^ bx;

    // Rule 8
    wire signed [2*W:0] distance;

    assign distance = a_less_b[2*W] ? -a_less_b : a_less_b;

    // Rule 9: bytes with their sign bit as an offset, or a sum of one byte
    wire        [2*W:0] byte_a;
    wire        [2*W:0] byte_c;
    wire signed [2*W:0] offset_sum;
    wire        [H-1:0] byte_sum;

    assign byte_a     = {{(2*W+1-H){1'b0}}, a[H-1:0]};
    assign byte_c     = {{(2*W+1-H){1'b0}}, c[H-1:0]};
    assign offset_sum = (byte_a ^ HALF) + (byte_c ^ HALF) - (HALF << 1);
    assign byte_sum   = a[H-1:0] + c[H-1:0];

    // Rule 10: the wrapped sum made again from the exact one
    wire                too_high;
    wire                too_low;
    wire signed [2*W:0] rewrapped;

    assign too_high  = sum_ab > HIGH;
    assign too_low   = sum_ab < LOW;
    assign rewrapped = too_high ? sum_ab - CARRY : too_low ? sum_ab + CARRY : sum_ab;

    // Rule 11: conditional complement and increment
    wire signed [2*W:0] size_a;
    wire signed [2*W:0] size_b;
    wire signed [2*W:0] cut_size_a;
    wire signed [2*W:0] cut_size_b;

    assign size_a     = (ax ^ {(2*W+1){a[W-1]}}) + {{(2*W){1'b0}}, a[W-1]};
    assign size_b     = (bx ^ {(2*W+1){b[W-1]}}) + {{(2*W){1'b0}}, b[W-1]};
    assign cut_size_a = {{(W+1){size_a[W-1]}}, size_a[W-1:0]};
    assign cut_size_b = {{(W+1){size_b[W-1]}}, size_b[W-1:0]};

    // Rule 12: a word of W + 2 bits
    wire signed [2*W:0] seven;
    wire signed [2*W:0] cut_seven;

    assign seven     = (ax << 3) - ax;
    assign cut_seven = {{(W-1){seven[W+1]}}, seven[W+1:0]};

    // Rule 13: the reciprocal with W + 1 or with W bits of fraction
    wire [2*W:0] unsigned_a;
    wire [2*W:0] third;
    wire [2*W:0] short_third;

    assign unsigned_a  = {{(W+1){1'b0}}, a};
    assign third       = (unsigned_a * THIRD) >> (W + 1);
    assign short_third = (unsigned_a * SHORT_THIRD) >> W;

    always @* begin
        case (rule)
            4'd0:    y = ax + bc;
            4'd1:    y = wide ? moved : regrouped;
            4'd2:    y = wide ? products : cut_products;
            4'd3:    y = ab * cx;
            4'd4:    y = wide ? shifted : cut_shifted;
            4'd5:    y = divided;
            4'd6:    y = wide ? common + (other >>> 1) : cut_ab >>> 1;
            4'd7:    y = a_less_b[2*W] ? cx : {(2*W+1){1'b0}};
            4'd8:    y = distance;
            4'd9:    y = wide ? offset_sum : {{(2*W+1-H){byte_sum[H-1]}}, byte_sum};
            4'd10:   y = wide ? (sum_ab >>> k) + rewrapped : (cut_ab >>> k) + cut_ab;
            4'd11:   y = wide ? size_a - size_b : cut_size_a - cut_size_b;
            4'd12:   y = wide ? seven : cut_seven;
            4'd13:   y = wide ? third : short_third;
            4'd14:   y = {{(2*W){1'b0}}, ac < bc};
            default: y = ax;
        endcase
    end

endmodule

`default_nettype wire
