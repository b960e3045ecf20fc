// stream_fifo: first-word-fall-through FIFO of any depth >= 2.
//
// DEPTH need not be a power of two: both pointers wrap at DEPTH - 1.
// in_ready and out_valid depend on the level register alone, so
//   - a word pushed in cycle t can be popped in cycle t + 1 at the earliest,
//   - a full FIFO refuses a push even if it is popped in the same cycle,
//   - push and pop in one cycle leave the level as it is.
//
// Generic in WIDTH and DEPTH. ADDR_W and LEVEL_W follow from DEPTH.
`default_nettype none

module stream_fifo #(
    parameter WIDTH   = 8,
    parameter DEPTH   = 4,
    parameter ADDR_W  = $clog2(DEPTH),
    parameter LEVEL_W = $clog2(DEPTH + 1)
) (
    input  wire               clk,
    input  wire               rst,
    input  wire [WIDTH-1:0]   in_data,
    input  wire               in_valid,
    output wire               in_ready,
    output wire [WIDTH-1:0]   out_data,
    output wire               out_valid,
    input  wire               out_ready,
    output wire [LEVEL_W-1:0] level
);

    localparam LAST = DEPTH - 1;
    localparam [ADDR_W-1:0]  LAST_ADDR = LAST[ADDR_W-1:0];
    localparam [LEVEL_W-1:0] FULL      = DEPTH[LEVEL_W-1:0];
    localparam [ADDR_W-1:0]  ADDR_ONE  = 1;
    localparam [LEVEL_W-1:0] LEVEL_ONE = 1;

    reg [WIDTH-1:0]   memory [0:DEPTH-1];
    reg [ADDR_W-1:0]  write_addr;
    reg [ADDR_W-1:0]  read_addr;
    reg [LEVEL_W-1:0] count;

    wire push;
    wire pop;

    assign in_ready  = count != FULL;
    assign out_valid = count != {LEVEL_W{1'b0}};
    assign out_data  = memory[read_addr];
    assign level     = count;

    assign push = in_valid && in_ready;
    assign pop  = out_valid && out_ready;

    always @(posedge clk) begin
        if (rst)
            write_addr <= {ADDR_W{1'b0}};
        else if (push)
            write_addr <= (write_addr == LAST_ADDR) ? {ADDR_W{1'b0}} : write_addr + ADDR_ONE;
    end

    always @(posedge clk) begin
        if (rst)
            read_addr <= {ADDR_W{1'b0}};
        else if (pop)
            read_addr <= (read_addr == LAST_ADDR) ? {ADDR_W{1'b0}} : read_addr + ADDR_ONE;
    end

    always @(posedge clk) begin
        if (rst)
            count <= {LEVEL_W{1'b0}};
        else if (push && !pop)
            count <= count + LEVEL_ONE;
        else if (pop && !push)
            count <= count - LEVEL_ONE;
    end

    // The memory needs no reset: count says which words are valid.
    always @(posedge clk) begin
        if (push)
            memory[write_addr] <= in_data;
    end

endmodule

`default_nettype wire
