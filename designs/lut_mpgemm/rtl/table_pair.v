// table_pair: two tables of eight entries (ping-pong). The one named by
// `bank` is read, the other one is written, two entries a cycle.
//
// Four read ports, one a plane, and a fixed one for entry 7. Reading is
// combinational.
`default_nettype none

module table_pair (
    input  wire              clk,
    input  wire              bank,
    input  wire              write,
    input  wire       [1:0]  pair,
    input  wire signed [9:0] entry_even,
    input  wire signed [9:0] entry_odd,
    input  wire       [2:0]  addr0,
    input  wire       [2:0]  addr1,
    input  wire       [2:0]  addr2,
    input  wire       [2:0]  addr3,
    output wire signed [9:0] u0,
    output wire signed [9:0] u1,
    output wire signed [9:0] u2,
    output wire signed [9:0] u3,
    output wire signed [9:0] u_seven
);

    reg signed [9:0] entries [0:15];

    assign u0      = entries[{bank, addr0}];
    assign u1      = entries[{bank, addr1}];
    assign u2      = entries[{bank, addr2}];
    assign u3      = entries[{bank, addr3}];
    assign u_seven = entries[{bank, 3'd7}];

    // The tables need no reset: the swap says when one is complete.
    always @(posedge clk) begin
        if (write) begin
            entries[{!bank, pair, 1'b0}] <= entry_even;
            entries[{!bank, pair, 1'b1}] <= entry_odd;
        end
    end

endmodule

`default_nettype wire
