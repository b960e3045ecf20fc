// row_statistics: largest exponent, mean and variance of a row, gathered in
// three passes over its beats, and the differences from the mean.
//
// The beat that is read is aligned to exp_max, so the lanes are right in the
// passes after MAX, and `diffs` (9 bits a lane) after MEAN.
`default_nettype none

module row_statistics (
    input  wire        clk,
    input  wire [2:0]  state,
    input  wire [1:0]  place,
    input  wire [1:0]  row_last,
    input  wire [35:0] word,
    output wire [35:0] diffs,
    output reg  [13:0] variance
);

    localparam [2:0] MAX  = 3'd1;
    localparam [2:0] SUM  = 3'd2;
    localparam [2:0] MEAN = 3'd3;
    localparam [2:0] VAR  = 3'd4;
    localparam [2:0] ROOT = 3'd5;

    reg signed [3:0]  exp_max;
    reg        [11:0] sum;
    reg signed [7:0]  mean;
    reg        [17:0] squares;

    wire               first;
    wire signed [3:0]  exponent;
    wire        [3:0]  gap;
    wire        [31:0] lanes;
    wire        [63:0] lane_squares;
    wire        [11:0] beat_sum;
    wire        [17:0] beat_squares;
    wire        [10:0] inverse;
    wire        [19:0] sum_scaled;
    wire        [25:0] squares_scaled;
    wire        [11:0] sum_unused;
    wire        [11:0] squares_unused;
    wire signed [7:0]  mean_next;
    wire        [13:0] variance_next;

    assign first    = place == 2'd0;
    assign exponent = word[35:32];

    // Never negative after MAX: 0..15.
    assign gap = exp_max - exponent;

    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : lane
            wire signed [7:0]  aligned;
            wire signed [8:0]  diff;
            wire signed [15:0] diff_wide;

            align_lane align (
                .mant    (word[8*i+7:8*i]),
                .gap     (gap),
                .aligned (aligned)
            );

            // -239..240: nine bits, and 16 bits for the square.
            assign diff      = {aligned[7], aligned} - {mean[7], mean};
            assign diff_wide = {{7{diff[8]}}, diff};

            assign lanes[8*i+7:8*i]          = aligned;
            assign diffs[9*i+8:9*i]          = diff;
            assign lane_squares[16*i+15:16*i] = diff_wide * diff_wide;
        end
    endgenerate

    assign beat_sum = {{4{lanes[31]}}, lanes[31:24]} + {{4{lanes[23]}}, lanes[23:16]}
                    + {{4{lanes[15]}}, lanes[15:8]} + {{4{lanes[7]}}, lanes[7:0]};

    assign beat_squares = {2'b00, lane_squares[63:48]} + {2'b00, lane_squares[47:32]}
                        + {2'b00, lane_squares[31:16]} + {2'b00, lane_squares[15:0]};

    reciprocal inverse_length (
        .last    (row_last),
        .inverse (inverse)
    );

    // Sum: -2048..2032; times the reciprocal: -524288..520192, 20 bits.
    assign sum_scaled              = {{8{sum[11]}}, sum} * {9'd0, inverse};
    assign {mean_next, sum_unused} = sum_scaled;

    // Squares: at most 260104; times the reciprocal: at most 66586624, 26 bits.
    assign squares_scaled                  = {8'd0, squares} * {15'd0, inverse};
    assign {variance_next, squares_unused} = squares_scaled;

    always @(posedge clk) begin
        if (state == MAX && (first || exponent > exp_max))
            exp_max <= exponent;
        if (state == SUM)
            sum <= first ? beat_sum : sum + beat_sum;
        if (state == MEAN)
            mean <= mean_next;
        if (state == VAR)
            squares <= first ? beat_squares : squares + beat_squares;
        if (state == ROOT)
            variance <= variance_next;
    end

endmodule

`default_nettype wire
