// vector_accumulator: the three running sums of a vector. The main sum has an
// exponent of its own, the two rank sums share one.
//
// The totals include the present beat; with `last` they are the vector's. The
// beat after a last one opens a new vector.
`default_nettype none

module vector_accumulator (
    input  wire               clk,
    input  wire               rst,
    input  wire               beat_take,
    input  wire               last,
    input  wire signed [14:0] main_dot,
    input  wire signed [18:0] rank0_dot,
    input  wire signed [18:0] rank1_dot,
    input  wire signed [4:0]  main_exp,
    input  wire signed [4:0]  rank_exp,
    output wire signed [21:0] main_total,
    output wire signed [25:0] rank0_total,
    output wire signed [25:0] rank1_total,
    output wire signed [4:0]  main_total_exp,
    output wire signed [4:0]  rank_total_exp
);

    reg open;

    wire [5:0] main_shift_sum;
    wire [5:0] main_shift_beat;
    wire [5:0] rank_shift_sum;
    wire [5:0] rank_shift_beat;

    always @(posedge clk) begin
        if (rst)
            open <= 1'b0;
        else if (beat_take)
            open <= !last;
    end

    running_exponent main_exponent (
        .clk        (clk),
        .beat_take  (beat_take),
        .open       (open),
        .beat_exp   (main_exp),
        .total_exp  (main_total_exp),
        .shift_sum  (main_shift_sum),
        .shift_beat (main_shift_beat)
    );

    running_exponent rank_exponent (
        .clk        (clk),
        .beat_take  (beat_take),
        .open       (open),
        .beat_exp   (rank_exp),
        .total_exp  (rank_total_exp),
        .shift_sum  (rank_shift_sum),
        .shift_beat (rank_shift_beat)
    );

    running_sum #(
        .TERM (15)
    ) main_sum (
        .clk        (clk),
        .beat_take  (beat_take),
        .open       (open),
        .term       (main_dot),
        .shift_sum  (main_shift_sum),
        .shift_beat (main_shift_beat),
        .total      (main_total)
    );

    running_sum #(
        .TERM (19)
    ) rank0_sum (
        .clk        (clk),
        .beat_take  (beat_take),
        .open       (open),
        .term       (rank0_dot),
        .shift_sum  (rank_shift_sum),
        .shift_beat (rank_shift_beat),
        .total      (rank0_total)
    );

    running_sum #(
        .TERM (19)
    ) rank1_sum (
        .clk        (clk),
        .beat_take  (beat_take),
        .open       (open),
        .term       (rank1_dot),
        .shift_sum  (rank_shift_sum),
        .shift_beat (rank_shift_beat),
        .total      (rank1_total)
    );

endmodule

`default_nettype wire
