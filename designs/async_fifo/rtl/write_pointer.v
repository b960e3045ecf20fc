// The write side: where the next word goes, and whether there is room for it, and for one more.
module write_pointer #(
    parameter ASIZE = 4
) (
    input wire wclk,
    input wire wrst_n,
    input wire winc,
    input wire [ASIZE:0] rptr_seen,
    output wire [ASIZE-1:0] waddr,
    output reg [ASIZE:0] wptr,
    output reg wfull,
    output reg awfull
);
  reg  [ASIZE:0] count;
  wire [ASIZE:0] next = count + {{ASIZE{1'b0}}, winc && !wfull};
  wire [ASIZE:0] after = next + {{ASIZE{1'b0}}, 1'b1};
  wire [ASIZE:0] next_gray = next ^ (next >> 1);
  wire [ASIZE:0] after_gray = after ^ (after >> 1);
  // A whole memory ahead of the read pointer: in Gray code, the upper two bits differ.
  wire [ASIZE:0] limit = {~rptr_seen[ASIZE:ASIZE-1], rptr_seen[ASIZE-2:0]};

  assign waddr = count[ASIZE-1:0];

  always @(posedge wclk or negedge wrst_n) begin
    if (!wrst_n) begin
      count  <= {ASIZE + 1{1'b0}};
      wptr   <= {ASIZE + 1{1'b0}};
      wfull  <= 1'b0;
      awfull <= 1'b0;
    end else begin
      count  <= next;
      wptr   <= next_gray;
      wfull  <= next_gray == limit;
      awfull <= after_gray == limit;
    end
  end
endmodule
