// norm_stage: first stage of the output pipeline. The inverse root of the
// row's variance, and the four normalised lanes of a beat.
//
// The root is registered in ROOT: in its second cycle the variance is there, and
// what is registered then stays for the row.
// Word layout: {last, place[1:0], t3[7:0], .., t0[7:0]}, 35 bits.
`default_nettype none

module norm_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire        root_take,
    input  wire [13:0] variance,
    input  wire [35:0] diffs,
    input  wire [1:0]  place,
    input  wire        last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [34:0] out_word,
    output wire        out_valid,
    input  wire        out_ready
);

    reg        flat;
    reg [2:0]  half;
    reg [7:0]  factor;
    reg        word_valid;
    reg [34:0] word;

    wire        flat_next;
    wire [2:0]  half_next;
    wire [7:0]  factor_next;
    wire [31:0] lanes;

    inverse_root root (
        .variance (variance),
        .flat     (flat_next),
        .half     (half_next),
        .factor   (factor_next)
    );

    always @(posedge clk) begin
        if (root_take) begin
            flat   <= flat_next;
            half   <= half_next;
            factor <= factor_next;
        end
    end

    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : lane
            norm_lane norm (
                .diff   (diffs[9*i+8:9*i]),
                .factor (factor),
                .half   (half),
                .flat   (flat),
                .t      (lanes[8*i+7:8*i])
            );
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
            word <= {last, place, lanes};
    end

endmodule

`default_nettype wire
