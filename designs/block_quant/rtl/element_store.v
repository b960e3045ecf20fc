// element_store: two buffers of eight elements (ping-pong). Reading is
// combinational.
`default_nettype none

module element_store (
    input  wire        clk,
    input  wire        write,
    input  wire        write_buffer,
    input  wire [2:0]  write_place,
    input  wire [15:0] x,
    input  wire        read_buffer,
    input  wire [2:0]  read_place,
    output wire [15:0] element
);

    reg [15:0] memory [0:15];

    assign element = memory[{read_buffer, read_place}];

    // The memory needs no reset: only elements of closed blocks are read.
    always @(posedge clk) begin
        if (write)
            memory[{write_buffer, write_place}] <= x;
    end

endmodule

`default_nettype wire
