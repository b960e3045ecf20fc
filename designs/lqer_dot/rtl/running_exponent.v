// running_exponent: greatest exponent of a vector's beats so far, and how far
// the stored sums and the present beat's terms must be shifted to meet it.
//
// total_exp and the shifts include the present beat (combinational); the
// exponent is stored when beat_take is high. The stored one takes part only
// while the vector is open, so a vector's first beat sets the exponent.
`default_nettype none

module running_exponent (
    input  wire              clk,
    input  wire              beat_take,
    input  wire              open,
    input  wire signed [4:0] beat_exp,
    output wire signed [4:0] total_exp,
    output wire        [5:0] shift_sum,
    output wire        [5:0] shift_beat
);

    reg signed [4:0] stored;

    assign total_exp = (open && (stored > beat_exp)) ? stored : beat_exp;

    // Differences of numbers in -16..14, never negative here: 0..30.
    assign shift_sum  = {total_exp[4], total_exp} - {stored[4], stored};
    assign shift_beat = {total_exp[4], total_exp} - {beat_exp[4], beat_exp};

    always @(posedge clk) begin
        if (beat_take)
            stored <= total_exp;
    end

endmodule

`default_nettype wire
