// The read side: where the oldest word is, and whether there is one, and just one.
module read_pointer #(
    parameter ASIZE = 4
) (
    input wire rclk,
    input wire rrst_n,
    input wire rinc,
    input wire [ASIZE:0] wptr_seen,
    output wire [ASIZE-1:0] raddr,
    output reg [ASIZE:0] rptr,
    output reg rempty,
    output reg arempty
);
  reg  [ASIZE:0] count;
  wire [ASIZE:0] next = count + {{ASIZE{1'b0}}, rinc && !rempty};
  wire [ASIZE:0] after = next + {{ASIZE{1'b0}}, 1'b1};
  wire [ASIZE:0] next_gray = next ^ (next >> 1);
  wire [ASIZE:0] after_gray = after ^ (after >> 1);

  assign raddr = count[ASIZE-1:0];

  always @(posedge rclk or negedge rrst_n) begin
    if (!rrst_n) begin
      count   <= {ASIZE + 1{1'b0}};
      rptr    <= {ASIZE + 1{1'b0}};
      rempty  <= 1'b1;
      arempty <= 1'b0;
    end else begin
      count   <= next;
      rptr    <= next_gray;
      rempty  <= next_gray == wptr_seen;
      arempty <= after_gray == wptr_seen;
    end
  end
endmodule
