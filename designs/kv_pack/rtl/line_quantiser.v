// line_quantiser: codes of eight elements of a line, packed to words.
//
// `latch` takes low and range of a new line; `load` takes eight elements of
// it; after four (or two) cycles of `step` the codes stand in `words`:
// four bit: elements 0..3 in word 0, 4..7 in word 1; two bit: all in word 0.
// The first element is in the least significant bits.
`default_nettype none

module line_quantiser (
    input  wire        clk,
    input  wire        latch,
    input  wire        load,
    input  wire        step,
    input  wire        two_bit,
    input  wire [7:0]  low,
    input  wire [7:0]  range,
    input  wire [63:0] elements,
    input  wire        word_index,
    output wire [15:0] word
);

    reg [7:0]  line_low;
    reg [7:0]  line_range;
    reg [11:0] divisor;

    wire [31:0] codes;
    wire [15:0] packed_2;

    // 2 * range, shifted to the place of the first code bit.
    always @(posedge clk) begin
        if (latch) begin
            line_low   <= low;
            line_range <= range;
        end
        if (load)
            divisor <= two_bit ? {2'b00, line_range, 2'b00} : {line_range, 4'b0000};
        else if (step)
            divisor <= {1'b0, divisor[11:1]};
    end

    genvar i;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lanes
            lane_quantiser lane (
                .clk     (clk),
                .load    (load),
                .step    (step),
                .two_bit (two_bit),
                .x       (elements[8*i+7:8*i]),
                .low     (line_low),
                .range   (line_range),
                .divisor (divisor),
                .code    (codes[4*i+3:4*i])
            );

            assign packed_2[2*i+1:2*i] = codes[4*i+1:4*i];
        end
    endgenerate

    assign word = two_bit    ? packed_2 :
                  word_index ? codes[31:16] : codes[15:0];

endmodule

`default_nettype wire
