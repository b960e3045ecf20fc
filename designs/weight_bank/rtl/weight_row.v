// One row of the matrix: sixteen words are stored at a time, one is read.
module weight_row #(
    parameter LOG_BEATS = 2
) (
    input wire clk,
    input wire write_i,
    input wire [LOG_BEATS-1:0] beat_i,
    input wire [511:0] words_i,
    input wire valid_i,
    input wire [LOG_BEATS+3:0] column_i,
    output wire [31:0] word_o
);
  reg [511:0] beats[0:(1<<LOG_BEATS)-1];
  wire [511:0] beat = beats[column_i[LOG_BEATS+3:4]];

  always @(posedge clk) if (write_i) beats[beat_i] <= words_i;

  // The first word of a beat is in its upper bits.
  assign word_o = valid_i ? beat[{~column_i[3:0], 5'd0}+:32] : 32'd0;
endmodule
