// Scale factors: written 16 at a time, read one by one.
module scale_queue (
    input wire clk,
    input wire rst_n,
    input wire push_i,
    input wire [511:0] data_i,
    input wire pop_i,
    output wire [31:0] head_o,
    output reg [10:0] count_o  // of single factors
);
  reg [3:0] place;
  wire [511:0] beat;
  wire [6:0] beats;
  wire take = pop_i && count_o != 11'd0;

  word_queue #(
      .WIDTH(512),
      .LOG_DEPTH(6)
  ) u_beats (
      .clk(clk),
      .rst_n(rst_n),
      .push_i(push_i),
      .data_i(data_i),
      .pop_i(take && place == 4'd15),
      .head_o(beat),
      .count_o(beats)
  );

  assign head_o = beats == 7'd0 ? 32'd0 : beat[{~place, 5'd0}+:32];

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      place   <= 4'd0;
      count_o <= 11'd0;
    end else begin
      if (take) place <= place + 4'd1;
      count_o <= count_o + (push_i ? 11'd16 : 11'd0) - {10'd0, take};
    end
  end
endmodule
