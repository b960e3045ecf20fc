// For each command: reads one word of a memory, adds 1, writes it to the next place, and hands it out.
// MODE: 0 the word comes with ready, 1 in the cycle after, 2 with rvalid.
// FAULT: 1 never writes, 2 changes its address while it waits, 3 withdraws a request, 4 writes only half of the word
module copier #(parameter MODE = 0, parameter FAULT = 0) (
  input clk, input rst,
  input in_valid, output in_ready, input [7:0] in_place,
  output reg out_valid, input out_ready, output reg [31:0] out_word,
  output reg mem_valid, input mem_ready, output reg [31:0] mem_addr, output reg [3:0] mem_wstrb,
  output reg [31:0] mem_wdata, input mem_rvalid, input [31:0] mem_rdata
);
  localparam IDLE = 0, READ = 1, WAIT = 2, WRITE = 3, DONE = 4, GONE = 5;
  reg [2:0] state;
  reg [2:0] held;
  reg late;
  wire taken = mem_valid & (mem_ready | MODE == 1);
  wire here = MODE == 0 ? taken : MODE == 1 ? late : mem_rvalid;
  assign in_ready = state == IDLE;
  always @(posedge clk) begin
    late <= taken;
    held <= mem_valid & !mem_ready ? held + 1 : 0;
    case (state)
      IDLE: if (in_valid) begin
        mem_valid <= 1;
        mem_addr <= {22'd0, in_place, 2'd0};
        mem_wstrb <= 0;
        state <= READ;
      end
      READ, WAIT: begin
        if (taken) begin
          mem_valid <= 0;
          state <= WAIT;
        end else if (FAULT == 2 & held == 1) mem_addr <= mem_addr + 4;
        else if (FAULT == 3 & held == 2) mem_valid <= 0;
        if (state == READ ? MODE == 0 & taken : here) begin
          out_word <= mem_rdata + 1;
          mem_wdata <= mem_rdata + 1;
          mem_addr <= mem_addr + 4;
          mem_wstrb <= FAULT == 4 ? 4'b0011 : 4'b1111;
          mem_valid <= FAULT != 1;
          state <= FAULT == 1 ? DONE : WRITE;
          out_valid <= FAULT == 1;
        end
        if (FAULT == 3 & !mem_valid & state == READ) mem_valid <= 1;
      end
      WRITE: if (taken) begin
        mem_valid <= 0;
        state <= MODE == 2 ? GONE : DONE;
        out_valid <= MODE != 2;
      end
      GONE: if (mem_rvalid) begin
        state <= DONE;
        out_valid <= 1;
      end
      DONE: if (out_ready) begin
        out_valid <= 0;
        state <= IDLE;
      end
    endcase
    if (rst) begin
      {state, mem_valid, out_valid, late, held} <= 0;
    end
  end
endmodule
