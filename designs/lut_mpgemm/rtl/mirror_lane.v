// mirror_lane: one lookup in a table of 16 signed sums of which only the
// eight with a positive a3 are stored.
//
// T[i] = U[i mod 8] for i >= 8, and T[i] = -U[7 - i] below: the complement of
// an index has all signs turned. Combinational; `addr` goes to the table and
// `u` comes back from it.
`default_nettype none

module mirror_lane (
    input  wire        [3:0]  index,
    output wire        [2:0]  addr,
    input  wire signed [9:0]  u,
    output wire signed [10:0] value
);

    wire signed [10:0] wide;

    assign addr = index[3] ? index[2:0] : ~index[2:0];

    // -(-512) = +512 needs the eleventh bit.
    assign wide  = {u[9], u};
    assign value = index[3] ? wide : (11'd0 - wide);

endmodule

`default_nettype wire
