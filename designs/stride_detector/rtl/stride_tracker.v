// One candidate for a stride, and how sure it is: 0 to 3. A match makes it surer, anything else less sure; at 0 the
// candidate is replaced.
module stride_tracker #(
    parameter WIDTH = 5
) (
    input wire clk_i,
    input wire rst_ni,
    input wire take_i,
    input wire [WIDTH-1:0] stride_i,
    input wire fits_i,
    output reg [WIDTH-1:0] stride_o,
    output wire sure_o
);
  reg [1:0] confidence;

  wire match = fits_i && (stride_i == stride_o);

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stride_o <= {WIDTH{1'b0}};
      confidence <= 2'd0;
    end else if (take_i) begin
      if (match) begin
        if (confidence != 2'd3) confidence <= confidence + 2'd1;
      end else if (confidence != 2'd0) begin
        confidence <= confidence - 2'd1;
      end else begin
        stride_o <= stride_i;
      end
    end
  end

  assign sure_o = confidence == 2'd3;
endmodule
