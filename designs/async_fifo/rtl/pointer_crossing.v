// A Gray pointer of the other clock, through two flip-flops.
module pointer_crossing #(
    parameter WIDTH = 5
) (
    input wire clk,
    input wire rst_n,
    input wire [WIDTH-1:0] pointer_i,
    output reg [WIDTH-1:0] pointer_o
);
  reg [WIDTH-1:0] settling;

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      settling  <= {WIDTH{1'b0}};
      pointer_o <= {WIDTH{1'b0}};
    end else begin
      settling  <= pointer_i;
      pointer_o <= settling;
    end
  end
endmodule
