// lane_cast: mantissa of one lane for a given block exponent.
//
// mantissa = q * 2^(e + 1 - x), rounded half to even on four guard bits.
// Bits below the guard bits are floored away before the rounding looks, so
// a remainder of 8/16 counts as a tie even if lower bits were lost.
// Combinational.
`default_nettype none

module lane_cast (
    input  wire        [6:0] q,
    input  wire signed [4:0] e,
    input  wire signed [3:0] x,
    output wire        [7:0] mantissa
);

    wire [4:0]  amount;
    wire [3:0]  left;
    wire [3:0]  right;
    wire [10:0] guarded;
    wire        round_up;

    // e + 5 - x: with four guard bits. -11..9, five bits, bit 4 is the sign.
    assign amount = e + 5'd5 - {x[3], x};
    assign left   = amount[3:0];
    assign right  = 4'd0 - amount[3:0];

    // At most 127 * 16 = 2032: 11 bits. To the left nothing is lost, because
    // x is at least bitlen(q) + e - 6.
    assign guarded = amount[4] ? ({4'b0000, q} >> right)
                               : ({4'b0000, q} << left);

    // Guard bits above half, or half with an odd kept part.
    assign round_up = guarded[3] && ((guarded[2:0] != 3'd0) || guarded[4]);

    // A lane that needs rounding lies below 64, so 127 is never exceeded.
    assign mantissa = {1'b0, guarded[10:4]} + {7'd0, round_up};

endmodule

`default_nettype wire
