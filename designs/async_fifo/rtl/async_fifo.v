// First-in first-out queue between two clocks. Pointers cross in Gray code, each through two flip-flops. See ../spec.md.
module async_fifo #(
    parameter DSIZE = 8,
    parameter ASIZE = 4
) (
    input wire wclk,
    input wire wrst_n,
    input wire winc,
    input wire [DSIZE-1:0] wdata,
    output wire wfull,
    output wire awfull,
    input wire rclk,
    input wire rrst_n,
    input wire rinc,
    output wire [DSIZE-1:0] rdata,
    output wire rempty,
    output wire arempty
);
  wire [ASIZE:0] wptr, rptr;  // in Gray code, one bit more than an address
  wire [ASIZE:0] wptr_seen, rptr_seen;  // as the other side sees them
  wire [ASIZE-1:0] waddr, raddr;

  pointer_crossing #(
      .WIDTH(ASIZE + 1)
  ) u_to_write (
      .clk(wclk),
      .rst_n(wrst_n),
      .pointer_i(rptr),
      .pointer_o(rptr_seen)
  );

  pointer_crossing #(
      .WIDTH(ASIZE + 1)
  ) u_to_read (
      .clk(rclk),
      .rst_n(rrst_n),
      .pointer_i(wptr),
      .pointer_o(wptr_seen)
  );

  write_pointer #(
      .ASIZE(ASIZE)
  ) u_write (
      .wclk(wclk),
      .wrst_n(wrst_n),
      .winc(winc),
      .rptr_seen(rptr_seen),
      .waddr(waddr),
      .wptr(wptr),
      .wfull(wfull),
      .awfull(awfull)
  );

  read_pointer #(
      .ASIZE(ASIZE)
  ) u_read (
      .rclk(rclk),
      .rrst_n(rrst_n),
      .rinc(rinc),
      .wptr_seen(wptr_seen),
      .raddr(raddr),
      .rptr(rptr),
      .rempty(rempty),
      .arempty(arempty)
  );

  // No reset touches the memory; the oldest word falls through.
  reg [DSIZE-1:0] words[0:(1<<ASIZE)-1];
  integer place;
  initial for (place = 0; place < (1 << ASIZE); place = place + 1) words[place] = {DSIZE{1'b0}};

  always @(posedge wclk) if (winc && !wfull) words[waddr] <= wdata;

  assign rdata = words[raddr];
endmodule
