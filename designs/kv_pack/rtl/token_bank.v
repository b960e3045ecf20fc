// token_bank: the tokens at two places of both buffers, four words in all.
//
// Address: {buffer, upper half of the group}. Reads are combinational: the
// whole token, and one of its channels.
`default_nettype none

module token_bank (
    input  wire        clk,
    input  wire        write,
    input  wire [1:0]  write_addr,
    input  wire [63:0] data,
    input  wire [1:0]  read_addr,
    input  wire [2:0]  channel,
    output wire [63:0] word,
    output wire [7:0]  element
);

    reg [63:0] memory [0:3];

    assign word    = memory[read_addr];
    assign element = word[{channel, 3'b000} +: 8];

    // The memory needs no reset: only tokens of closed groups are read.
    always @(posedge clk) begin
        if (write)
            memory[write_addr] <= data;
    end

endmodule

`default_nettype wire
