// element_coder: code of one element in the format of its block.
// Combinational.
//
// With distance = shared exponent - position of the leading one (at least 0):
//   BFP  round(|x| * 128 / 2^exponent), that is significand >> (8 + distance),
//        saturated to 127.
//   BM   exponent code 7 - distance and four mantissa bits. The significand is
//        rounded to five bits (its leading one included) and added to
//        16 * (exponent code - 1), so a carry out of the mantissa moves on into
//        the exponent code by itself. From distance 7 on the code is
//        subnormal: exponent code 0, and the significand is shifted further.
//        Saturated to 127, exponent code 7 with mantissa 15.
//   BL   15 - distance, plus one if the significand is at least sqrt(2), that
//        is if log2 |x| rounds up.
`default_nettype none

module element_coder (
    input  wire [1:0]  format,
    input  wire [3:0]  exponent,
    input  wire        zero,
    input  wire        negative,
    input  wire [3:0]  top,
    input  wire [15:0] significand,
    output wire [7:0]  code
);

    localparam [1:0] BFP = 2'd0;
    localparam [1:0] BM  = 2'd1;

    // Least significand s with s^2 >= 2 * 2^30: sqrt(2) * 2^15 = 46340.95
    localparam [15:0] ROOT_TWO = 16'd46341;

    wire [3:0] distance;
    wire       subnormal;
    wire [3:0] extra;
    wire [7:0] rounded;
    wire [2:0] steps;
    wire [7:0] offset;
    wire [7:0] sum;
    wire [6:0] scaled;
    wire       log_up;
    wire [3:0] log_code;

    assign distance = exponent - top;

    // BM keeps five bits of the significand: 8 + 3 = 11 places, and one more
    // for each step below the least normal number.
    assign subnormal = distance >= 4'd7;
    assign extra     = (format == BFP) ? distance :
                       subnormal       ? distance - 4'd3 : 4'd3;

    round_shift rounder (
        .significand (significand),
        .extra       (extra),
        .rounded     (rounded)
    );

    // 16 * (exponent code - 1) = 16 * (6 - distance), BM only.
    assign steps  = 3'd6 - distance[2:0];
    assign offset = ((format == BFP) || subnormal || zero) ? 8'd0 : {1'b0, steps, 4'd0};
    assign sum    = rounded + offset;
    assign scaled = sum[7] ? 7'd127 : sum[6:0];

    assign log_up   = significand >= ROOT_TWO;
    assign log_code = 4'd15 - distance + {3'd0, log_up};

    assign code = ((format == BFP) || (format == BM)) ? {negative, scaled} :
                  zero                                ? 8'd0 : {negative, 3'd0, log_code};

endmodule

`default_nettype wire
