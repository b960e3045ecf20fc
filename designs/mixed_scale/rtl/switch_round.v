// switch_round: rounds the accumulator to ten significant bits where the
// precision changes.
//
// The magnitude is shifted until it has ten bits, half to even, and the
// exponent goes up by as much. A carry gives 1024, which stays as it is.
// Combinational.
`default_nettype none

module switch_round (
    input  wire signed [17:0] sum,
    input  wire signed [5:0]  exponent,
    output wire signed [17:0] rounded,
    output wire signed [5:0]  raised
);

    wire [17:0] magnitude;
    reg  [3:0]  cut;
    wire [25:0] scaled;
    wire [7:0]  rest;
    wire        up;
    wire [17:0] kept;

    integer i;

    // At most 2^17, which is -131072: 18 bits.
    assign magnitude = sum[17] ? 18'd0 - sum : sum;

    always @* begin
        cut = 4'd0;
        for (i = 10; i < 18; i = i + 1)
            if (magnitude[i])
                cut = i[3:0] - 4'd9;
    end

    // With eight bits below the kept ones
    assign scaled  = {magnitude, 8'd0} >> cut;
    assign rest    = scaled[7:0];
    assign up      = rest[7] && ((rest[6:0] != 7'd0) || scaled[8]);
    assign kept    = scaled[25:8] + {17'd0, up};
    assign rounded = sum[17] ? 18'd0 - kept : kept;
    assign raised  = exponent + {2'd0, cut};

endmodule

`default_nettype wire
