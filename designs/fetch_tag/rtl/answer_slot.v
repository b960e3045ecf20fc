// Holds one answer to the node scoreboard until it is taken, and chooses the next one.
module answer_slot (
    input wire clk,
    input wire rst_n,
    input wire [5:0] nodeslot_i,
    input wire adjacency_i,
    input wire scale_i,
    input wire waits_i,
    input wire message_i,
    output wire adjacency_taken_o,
    output wire scale_taken_o,
    output wire waits_taken_o,
    output wire message_taken_o,
    output reg valid_o,
    input wire ready_i,
    output reg [5:0] nodeslot_o,
    output reg [2:0] kind_o,
    output reg partial_o
);
  wire free = !valid_o || ready_i;
  wire any = adjacency_i || scale_i || waits_i || message_i;

  assign adjacency_taken_o = free && adjacency_i;
  assign scale_taken_o = free && scale_i && !adjacency_i;
  assign waits_taken_o = free && waits_i && !adjacency_i && !scale_i;
  assign message_taken_o = free && message_i && !adjacency_i && !scale_i && !waits_i;

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      valid_o <= 1'b0;
      nodeslot_o <= 6'd0;
      kind_o <= 3'd0;
      partial_o <= 1'b0;
    end else if (free) begin
      valid_o <= any;
      if (any) begin
        nodeslot_o <= nodeslot_i;
        kind_o <= adjacency_i ? 3'd1 : scale_i ? 3'd3 : 3'd2;
        partial_o <= waits_taken_o;
      end
    end
  end
endmodule
