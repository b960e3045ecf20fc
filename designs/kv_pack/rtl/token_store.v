// token_store: two buffers of 16 tokens, in eight banks.
//
// Bank b holds the tokens at places b and b + 8. So one read gives either one
// token with its eight channels, or one channel of eight successive tokens
// (a column), oldest in the least significant bits.
`default_nettype none

module token_store (
    input  wire        clk,
    input  wire        write,
    input  wire        write_buffer,
    input  wire [3:0]  write_place,
    input  wire [63:0] data,
    input  wire        read_buffer,
    input  wire [3:0]  read_place,
    input  wire [2:0]  read_channel,
    output wire [63:0] token,
    output wire [63:0] column
);

    wire [511:0] words;

    genvar b;
    generate
        for (b = 0; b < 8; b = b + 1) begin : banks
            token_bank bank (
                .clk        (clk),
                .write      (write && (write_place[2:0] == b)),
                .write_addr ({write_buffer, write_place[3]}),
                .data       (data),
                .read_addr  ({read_buffer, read_place[3]}),
                .channel    (read_channel),
                .word       (words[64*b+63:64*b]),
                .element    (column[8*b+7:8*b])
            );
        end
    endgenerate

    assign token = words[{read_place[2:0], 6'b000000} +: 64];

endmodule

`default_nettype wire
