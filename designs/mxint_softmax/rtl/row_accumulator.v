// row_accumulator: running sum of a row's exponentials, aligned to the
// largest exponent seen so far.
//
// total and total_exp are the sum after the present beat (combinational);
// they are stored when beat_take is high. After a beat with `last` the next
// beat opens a new row: it starts from an empty sum.
//
// The sum has six + four fraction bits: a significand is padded by four low
// bits before it is aligned. Aligning is a logical right shift: every shift
// floors, and a sum that has been shifted has lost those bits for good.
`default_nettype none

module row_accumulator (
    input  wire               clk,
    input  wire               rst,
    input  wire               beat_take,
    input  wire               last,
    input  wire signed [3:0]  n0,
    input  wire        [6:0]  sig0,
    input  wire signed [3:0]  n1,
    input  wire        [6:0]  sig1,
    output wire        [14:0] total,
    output wire signed [3:0]  total_exp
);

    reg               row_open;
    reg        [14:0] acc;
    reg signed [3:0]  acc_exp;

    wire signed [3:0]  lane_max;
    wire        [3:0]  shift_acc;
    wire        [3:0]  shift0;
    wire        [3:0]  shift1;
    wire        [14:0] aligned_acc;
    wire        [14:0] aligned0;
    wire        [14:0] aligned1;

    // Maximum exponent: the stored one takes part only inside a row.
    assign lane_max  = (n1 > n0) ? n1 : n0;
    assign total_exp = (row_open && (acc_exp > lane_max)) ? acc_exp : lane_max;

    // Differences of two signed four-bit numbers, never negative here: 0..15.
    assign shift_acc = total_exp - acc_exp;
    assign shift0    = total_exp - n0;
    assign shift1    = total_exp - n1;

    // Significand << 4: at most 117 * 16 = 1872, 11 bits, in a 15-bit word.
    assign aligned_acc = row_open ? (acc >> shift_acc) : 15'd0;
    assign aligned0    = {4'b0000, sig0, 4'b0000} >> shift0;
    assign aligned1    = {4'b0000, sig1, 4'b0000} >> shift1;

    // At most 16 elements of 1872: 29952 < 2^15.
    assign total = aligned_acc + aligned0 + aligned1;

    always @(posedge clk) begin
        if (rst)
            row_open <= 1'b0;
        else if (beat_take)
            row_open <= !last;
    end

    always @(posedge clk) begin
        if (beat_take) begin
            acc     <= total;
            acc_exp <= total_exp;
        end
    end

endmodule

`default_nettype wire
