// exp_stage: stage A's first register. Exponentials of both lanes of a beat.
//
// One cycle of latency, full throughput. in_ready depends on the register's
// own flag and on out_ready, never on in_valid.
// Word layout: {last, n1[3:0], sig1[6:0], n0[3:0], sig0[6:0]}, 23 bits.
`default_nettype none

module exp_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_mant,
    input  wire [3:0]  in_exp,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [22:0] out_word,
    output wire        out_valid,
    input  wire        out_ready
);

    reg        word_valid;
    reg [22:0] word;

    wire signed [3:0] n0;
    wire signed [3:0] n1;
    wire        [6:0] sig0;
    wire        [6:0] sig1;

    exp_lane lane0 (
        .mant     (in_mant[7:0]),
        .exponent (in_exp),
        .n        (n0),
        .sig      (sig0)
    );

    exp_lane lane1 (
        .mant     (in_mant[15:8]),
        .exponent (in_exp),
        .n        (n1),
        .sig      (sig1)
    );

    assign in_ready  = !word_valid || out_ready;
    assign out_valid = word_valid;
    assign out_word  = word;

    always @(posedge clk) begin
        if (rst)
            word_valid <= 1'b0;
        else if (in_ready)
            word_valid <= in_valid;
    end

    always @(posedge clk) begin
        if (in_valid && in_ready)
            word <= {in_last, n1, sig1, n0, sig0};
    end

endmodule

`default_nettype wire
