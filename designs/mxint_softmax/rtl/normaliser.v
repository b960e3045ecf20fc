// normaliser: stage B. Divides the beats of a row by the row's sum and casts
// the quotients to an MXInt block.
//
// Phases (dbg state): 0 ROW   waits for a row sum and takes it
//                     1 BEAT  takes the next beat of the row
//                     2 DIV   seven division steps
//                     3 NORM  block exponent
//                     4 CAST  mantissas
//                     5 SEND  offers the beat until the output takes it
// A beat takes BEAT + 7 x DIV + NORM + CAST + SEND = 11 cycles at least; a
// row adds one ROW cycle.
`default_nettype none

module normaliser (
    input  wire               clk,
    input  wire               rst,
    // Row sums: {exponent[3:0], sum[14:0]}
    input  wire        [18:0] row_word,
    input  wire               row_valid,
    output wire               row_ready,
    // Beats: {last, n1[3:0], sig1[6:0], n0[3:0], sig0[6:0]}
    input  wire        [22:0] beat_word,
    input  wire               beat_valid,
    output wire               beat_ready,
    // Results: {last, exponent[3:0], mantissa1[7:0], mantissa0[7:0]}
    output wire        [20:0] out_word,
    output wire               out_valid,
    input  wire               out_ready,
    output wire        [2:0]  state
);

    localparam [2:0] ROW  = 3'd0;
    localparam [2:0] BEAT = 3'd1;
    localparam [2:0] DIV  = 3'd2;
    localparam [2:0] NORM = 3'd3;
    localparam [2:0] CAST = 3'd4;
    localparam [2:0] SEND = 3'd5;

    localparam [2:0] LAST_STEP = 3'd6;

    reg        [2:0]  phase;
    reg        [2:0]  step_count;
    reg        [14:0] sum;
    reg signed [3:0]  sum_exp;
    reg               last;
    reg signed [4:0]  e0;
    reg signed [4:0]  e1;
    reg signed [3:0]  x;
    reg        [7:0]  mant0;
    reg        [7:0]  mant1;

    wire               row_take;
    wire               beat_take;
    wire        [6:0]  q0;
    wire        [6:0]  q1;
    wire signed [3:0]  block_x;
    wire        [7:0]  cast0;
    wire        [7:0]  cast1;

    assign row_ready  = phase == ROW;
    assign beat_ready = phase == BEAT;
    assign out_valid  = phase == SEND;
    assign out_word   = {last, x, mant1, mant0};
    assign state      = phase;

    assign row_take  = row_valid && row_ready;
    assign beat_take = beat_valid && beat_ready;

    // Phase and step counter.
    always @(posedge clk) begin
        if (rst) begin
            phase      <= ROW;
            step_count <= 3'd0;
        end else begin
            case (phase)
                ROW:     if (row_valid) phase <= BEAT;
                BEAT:    if (beat_valid) phase <= DIV;
                DIV: begin
                    if (step_count == LAST_STEP) begin
                        phase      <= NORM;
                        step_count <= 3'd0;
                    end else begin
                        step_count <= step_count + 3'd1;
                    end
                end
                NORM:    phase <= CAST;
                CAST:    phase <= SEND;
                default: if (out_ready) phase <= last ? ROW : BEAT;
            endcase
        end
    end

    // The row's sum, held for all beats of the row.
    always @(posedge clk) begin
        if (row_take) begin
            sum     <= row_word[14:0];
            sum_exp <= row_word[18:15];
        end
    end

    // The beat: e = n - sum_exp lies in -15..0, five bits, signed.
    always @(posedge clk) begin
        if (beat_take) begin
            last <= beat_word[22];
            e1   <= {beat_word[21], beat_word[21:18]} - {sum_exp[3], sum_exp};
            e0   <= {beat_word[10], beat_word[10:7]} - {sum_exp[3], sum_exp};
        end
    end

    lane_divider divider0 (
        .clk      (clk),
        .load     (beat_take),
        .step     (phase == DIV),
        .sig      (beat_word[6:0]),
        .divisor  (sum),
        .quotient (q0)
    );

    lane_divider divider1 (
        .clk      (clk),
        .load     (beat_take),
        .step     (phase == DIV),
        .sig      (beat_word[17:11]),
        .divisor  (sum),
        .quotient (q1)
    );

    block_exponent norm (
        .q0 (q0),
        .e0 (e0),
        .q1 (q1),
        .e1 (e1),
        .x  (block_x)
    );

    lane_cast cast_lane0 (
        .q        (q0),
        .e        (e0),
        .x        (x),
        .mantissa (cast0)
    );

    lane_cast cast_lane1 (
        .q        (q1),
        .e        (e1),
        .x        (x),
        .mantissa (cast1)
    );

    always @(posedge clk) begin
        if (phase == NORM)
            x <= block_x;
        if (phase == CAST) begin
            mant0 <= cast0;
            mant1 <= cast1;
        end
    end

endmodule

`default_nettype wire
