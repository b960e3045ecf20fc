// running_sum: sum of a vector's dot products, aligned to the running
// exponent.
//
// A dot product is padded by four low bits. It and the stored sum are
// floored on their own when they are shifted. total includes the present
// beat (combinational); it is stored when beat_take is high. With open low
// the beat is the first of its vector and the stored sum does not count.
// WIDTH = TERM + 7 holds eight padded terms of full scale.
`default_nettype none

module running_sum #(
    parameter TERM  = 15,
    parameter WIDTH = TERM + 7
) (
    input  wire                    clk,
    input  wire                    beat_take,
    input  wire                    open,
    input  wire signed [TERM-1:0]  term,
    input  wire        [5:0]       shift_sum,
    input  wire        [5:0]       shift_beat,
    output wire signed [WIDTH-1:0] total
);

    reg  signed [WIDTH-1:0] stored;

    wire signed [WIDTH-1:0] padded;
    wire signed [WIDTH-1:0] aligned_sum;
    wire signed [WIDTH-1:0] aligned_term;

    assign padded = {{3{term[TERM-1]}}, term, 4'b0000};

    align_shift #(
        .WIDTH (WIDTH)
    ) align_stored (
        .value   (stored),
        .shift   (shift_sum),
        .aligned (aligned_sum)
    );

    align_shift #(
        .WIDTH (WIDTH)
    ) align_term (
        .value   (padded),
        .shift   (shift_beat),
        .aligned (aligned_term)
    );

    assign total = (open ? aligned_sum : {WIDTH{1'b0}}) + aligned_term;

    always @(posedge clk) begin
        if (beat_take)
            stored <= total;
    end

endmodule

`default_nettype wire
