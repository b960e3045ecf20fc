// norm_lane_cast: mantissa of one lane for the bit length of its block.
//
// With x = max(length - 11, -8): mantissa = z * 2^(-4 - x), rounded half to
// even on four guard bits and saturated at 127. Bits below the guard bits
// are floored away before the rounding looks, so 8/16 counts as a tie even if
// lower bits were lost. Combinational.
`default_nettype none

module norm_lane_cast (
    input  wire signed [15:0] z,
    input  wire        [3:0]  length,
    output wire        [7:0]  mantissa
);

    // The mantissa with its guard bits, floored: -2048..2047.
    reg  [11:0] guarded;

    wire [3:0]  left;
    wire [11:0] raised;
    wire        round_up;

    // 11 - length, at most 8. Used for lengths up to 11, where z fits in
    // twelve bits and stays there.
    assign left   = (length < 4'd3) ? 4'd8 : 4'd11 - length;
    assign raised = z[11:0] << left;

    always @* begin
        case (length)
            4'd15:   guarded = z[15:4];
            4'd14:   guarded = z[14:3];
            4'd13:   guarded = z[13:2];
            4'd12:   guarded = z[12:1];
            default: guarded = raised;
        endcase
    end

    // Guard bits above half, or half with an odd kept part.
    assign round_up = guarded[3] && ((guarded[2:0] != 3'd0) || guarded[4]);

    assign mantissa = (round_up && guarded[11:4] == 8'h7f) ? 8'h7f
                                                           : guarded[11:4] + {7'd0, round_up};

endmodule

`default_nettype wire
