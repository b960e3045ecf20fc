// A queue in a memory: the oldest word falls through, a word that is pushed shows in the next cycle.
module word_queue #(
    parameter WIDTH = 32,
    parameter LOG_DEPTH = 6
) (
    input wire clk,
    input wire rst_n,
    input wire push_i,
    input wire [WIDTH-1:0] data_i,
    input wire pop_i,
    output wire [WIDTH-1:0] head_o,
    output reg [LOG_DEPTH:0] count_o
);
  reg [WIDTH-1:0] words[0:(1<<LOG_DEPTH)-1];
  reg [LOG_DEPTH-1:0] write_place, read_place;

  assign head_o = words[read_place];

  always @(posedge clk) if (push_i) words[write_place] <= data_i;

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      write_place <= {LOG_DEPTH{1'b0}};
      read_place  <= {LOG_DEPTH{1'b0}};
      count_o     <= {LOG_DEPTH + 1{1'b0}};
    end else begin
      if (push_i) write_place <= write_place + 1'b1;
      if (pop_i) read_place <= read_place + 1'b1;
      if (push_i && !pop_i) count_o <= count_o + 1'b1;
      if (pop_i && !push_i) count_o <= count_o - 1'b1;
    end
  end
endmodule
