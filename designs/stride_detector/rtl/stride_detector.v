// Detects a constant stride, or two strides that take turns, in a stream of addresses. See ../spec.md.
module stride_detector #(
    parameter WIDTH = 5
) (
    input wire clk_i,
    input wire rst_ni,
    input wire [31:0] value_i,
    input wire valid_i,
    output wire [WIDTH-1:0] stride_1_o,
    output wire stride_1_valid_o,
    output wire [WIDTH-1:0] stride_2_o,
    output wire stride_2_valid_o
);
  reg [31:0] previous;
  reg second;  // the next stride belongs to the second of two

  // Addresses are unsigned, so a difference needs a bit more than they have.
  wire [32:0] difference = {1'b0, value_i} - {1'b0, previous};
  wire [WIDTH-1:0] stride = difference[WIDTH-1:0];
  wire fits = (difference[32:WIDTH-1] == 0) || (&difference[32:WIDTH-1]);

  wire [WIDTH-1:0] single_stride, first_stride, second_stride;
  wire single_sure, first_sure, second_sure;

  stride_tracker #(
      .WIDTH(WIDTH)
  ) u_single (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .take_i(valid_i),
      .stride_i(stride),
      .fits_i(fits),
      .stride_o(single_stride),
      .sure_o(single_sure)
  );

  stride_tracker #(
      .WIDTH(WIDTH)
  ) u_first (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .take_i(valid_i && !second),
      .stride_i(stride),
      .fits_i(fits),
      .stride_o(first_stride),
      .sure_o(first_sure)
  );

  stride_tracker #(
      .WIDTH(WIDTH)
  ) u_second (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .take_i(valid_i && second),
      .stride_i(stride),
      .fits_i(fits),
      .stride_o(second_stride),
      .sure_o(second_sure)
  );

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      previous <= 32'd0;
      second <= 1'b0;
    end else if (valid_i) begin
      previous <= value_i;
      second <= !second;
    end
  end

  assign stride_1_valid_o = single_sure || first_sure;
  assign stride_1_o = single_sure ? single_stride : first_stride;
  assign stride_2_valid_o = first_sure && second_sure && !single_sure;
  assign stride_2_o = second_stride;
endmodule
