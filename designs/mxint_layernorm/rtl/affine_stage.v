// affine_stage: second stage of the output pipeline, z = t * gamma + beta.
//
// t has five fraction bits, gamma six, beta five: z has eleven. Per lane z
// lies in -24448..24512, 16 bits.
// Word layout: {last, z3[15:0], .., z0[15:0]}, 65 bits.
`default_nettype none

module affine_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] lanes,
    input  wire [31:0] gamma,
    input  wire [31:0] beta,
    input  wire        last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [64:0] out_word,
    output wire        out_valid,
    input  wire        out_ready
);

    reg        word_valid;
    reg [64:0] word;

    wire [63:0] z;

    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : lane
            wire signed [15:0] t_wide;
            wire signed [15:0] gamma_wide;

            assign t_wide     = {{8{lanes[8*i+7]}}, lanes[8*i+7:8*i]};
            assign gamma_wide = {{8{gamma[8*i+7]}}, gamma[8*i+7:8*i]};

            assign z[16*i+15:16*i] = t_wide * gamma_wide + {{2{beta[8*i+7]}}, beta[8*i+7:8*i], 6'd0};
        end
    endgenerate

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
            word <= {last, z};
    end

endmodule

`default_nettype wire
