// tail: everything after a vector's last beat. Re-quantises the rank sums,
// multiplies them by b, adds the correction to the main sum and casts.
//
// Phases (dbg state): 0 WAIT  waits for a vector and takes it
//                     1 NORM  bit length of the rank block
//                     2 REQ   mantissas of both ranks
//                     3 DOTB  correction, one rank a cycle
//                     4 ADD   aligned sum
//                     5 CAST  mantissa and exponent of the result
//                     6 SEND  offers the result until the output takes it
// Without correction WAIT is followed by ADD; a rank block of zeros goes from
// NORM to ADD.
`default_nettype none

module tail (
    input  wire         clk,
    input  wire         rst,
    // Vectors: {config[20:0], rank_exp[4:0], rank1[25:0], rank0[25:0],
    //           main_exp[4:0], main[21:0]}
    input  wire [104:0] vector_word,
    input  wire         vector_valid,
    output wire         vector_ready,
    // Results: {zero, exponent[5:0], mantissa[7:0]}
    output wire [14:0]  out_word,
    output wire         out_valid,
    input  wire         out_ready,
    output wire [2:0]   state
);

    localparam [2:0] WAIT = 3'd0;
    localparam [2:0] NORM = 3'd1;
    localparam [2:0] REQ  = 3'd2;
    localparam [2:0] DOTB = 3'd3;
    localparam [2:0] ADD  = 3'd4;
    localparam [2:0] CAST = 3'd5;
    localparam [2:0] SEND = 3'd6;

    localparam [5:0] ZERO_EXP = 6'h20;

    reg        [2:0]  phase;
    reg               rank;
    reg signed [21:0] main_sum;
    reg signed [4:0]  main_exp;
    reg signed [25:0] rank0;
    reg signed [25:0] rank1;
    reg signed [4:0]  rank_exp;
    reg signed [7:0]  b0;
    reg signed [7:0]  b1;
    reg signed [3:0]  eb;
    reg               corrected;
    reg        [4:0]  length;
    reg signed [7:0]  t0;
    reg signed [7:0]  t1;
    reg signed [15:0] correction;
    reg signed [21:0] sum;
    reg signed [5:0]  sum_exp;
    reg        [7:0]  out_mant;
    reg        [5:0]  out_exp;
    reg               out_zero;

    wire               vector_take;
    wire               vector_lr_en;
    wire        [24:0] opposite0;
    wire        [24:0] opposite1;
    wire        [24:0] magnitude0;
    wire        [24:0] magnitude1;
    wire        [4:0]  block_length;
    wire               block_zero;
    wire signed [7:0]  cast0;
    wire signed [7:0]  cast1;
    wire signed [7:0]  factor_t;
    wire signed [7:0]  factor_b;
    wire signed [15:0] t_wide;
    wire signed [15:0] b_wide;
    wire signed [15:0] product;
    wire signed [21:0] added;
    wire signed [5:0]  added_exp;
    wire        [20:0] opposite_sum;
    wire        [20:0] magnitude_sum;
    wire        [4:0]  sum_length;
    wire signed [7:0]  cast_sum;

    assign vector_ready = phase == WAIT;
    assign vector_take  = vector_valid && vector_ready;
    assign vector_lr_en = vector_word[104];
    assign out_valid    = phase == SEND;
    assign out_word     = {out_zero, out_exp, out_mant};
    assign state        = phase;

    // Phase, and the rank that DOTB multiplies.
    always @(posedge clk) begin
        if (rst) begin
            phase <= WAIT;
            rank  <= 1'b0;
        end else begin
            case (phase)
                WAIT:    if (vector_valid) phase <= vector_lr_en ? NORM : ADD;
                NORM:    phase <= block_zero ? ADD : REQ;
                REQ:     phase <= DOTB;
                DOTB: begin
                    rank <= !rank;
                    if (rank) phase <= ADD;
                end
                ADD:     phase <= CAST;
                CAST:    phase <= SEND;
                default: if (out_ready) phase <= WAIT;
            endcase
        end
    end

    // The vector in hand.
    always @(posedge clk) begin
        if (vector_take) begin
            main_sum <= vector_word[21:0];
            main_exp <= vector_word[26:22];
            rank0    <= vector_word[52:27];
            rank1    <= vector_word[78:53];
            rank_exp <= vector_word[83:79];
            b0       <= vector_word[91:84];
            b1       <= vector_word[99:92];
            eb       <= vector_word[103:100];
        end
    end

    // A magnitude is at most 2^24: 25 bits hold it. The bit length of the
    // greater one is that of both together.
    assign opposite0  = 25'd0 - rank0[24:0];
    assign opposite1  = 25'd0 - rank1[24:0];
    assign magnitude0 = rank0[25] ? opposite0 : rank0[24:0];
    assign magnitude1 = rank1[25] ? opposite1 : rank1[24:0];
    assign block_zero = block_length == 5'd0;

    bit_length #(
        .WIDTH (25)
    ) block_bits (
        .value  (magnitude0 | magnitude1),
        .length (block_length)
    );

    round_cast #(
        .WIDTH (25)
    ) cast_rank0 (
        .negative  (rank0[25]),
        .magnitude (magnitude0),
        .length    (length),
        .mantissa  (cast0)
    );

    round_cast #(
        .WIDTH (25)
    ) cast_rank1 (
        .negative  (rank1[25]),
        .magnitude (magnitude1),
        .length    (length),
        .mantissa  (cast1)
    );

    // Two products of at most 127 * 128: 32512, 16 bits.
    assign factor_t = rank ? t1 : t0;
    assign factor_b = rank ? b1 : b0;
    assign t_wide   = {{8{factor_t[7]}}, factor_t};
    assign b_wide   = {{8{factor_b[7]}}, factor_b};
    assign product  = t_wide * b_wide;

    align_add adder (
        .main_sum   (main_sum),
        .main_exp   (main_exp),
        .corrected  (corrected),
        .correction (correction),
        .rank_exp   (rank_exp),
        .length     (length),
        .eb         (eb),
        .sum        (added),
        .sum_exp    (added_exp)
    );

    // |sum| is at most 2^20 + 16 * 32512 = 1568768: 21 bits.
    assign opposite_sum  = 21'd0 - sum[20:0];
    assign magnitude_sum = sum[21] ? opposite_sum : sum[20:0];

    bit_length #(
        .WIDTH (21)
    ) sum_bits (
        .value  (magnitude_sum),
        .length (sum_length)
    );

    round_cast #(
        .WIDTH (21)
    ) cast_result (
        .negative  (sum[21]),
        .magnitude (magnitude_sum),
        .length    (sum_length),
        .mantissa  (cast_sum)
    );

    always @(posedge clk) begin
        if (vector_take)
            corrected <= 1'b0;
        if (phase == NORM) begin
            corrected <= !block_zero;
            length    <= block_length;
        end
        if (phase == REQ) begin
            t0 <= cast0;
            t1 <= cast1;
        end
        if (phase == DOTB)
            correction <= (rank ? correction : 16'd0) + product;
        if (phase == ADD) begin
            sum     <= added;
            sum_exp <= added_exp;
        end
        if (phase == CAST) begin
            out_zero <= sum_length == 5'd0;
            out_mant <= cast_sum;
            out_exp  <= (sum_length == 5'd0) ? ZERO_EXP : sum_exp + {1'b0, sum_length} - 6'd14;
        end
    end

endmodule

`default_nettype wire
