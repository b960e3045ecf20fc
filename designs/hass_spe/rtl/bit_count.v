// bit_count: how many bits of an eight-bit value are set. Combinational.
`default_nettype none

module bit_count (
    input  wire [7:0] value,
    output wire [3:0] count
);

    wire [1:0] pair0;
    wire [1:0] pair1;
    wire [1:0] pair2;
    wire [1:0] pair3;
    wire [2:0] low;
    wire [2:0] high;

    assign pair0 = {1'b0, value[0]} + {1'b0, value[1]};
    assign pair1 = {1'b0, value[2]} + {1'b0, value[3]};
    assign pair2 = {1'b0, value[4]} + {1'b0, value[5]};
    assign pair3 = {1'b0, value[6]} + {1'b0, value[7]};

    assign low   = {1'b0, pair0} + {1'b0, pair1};
    assign high  = {1'b0, pair2} + {1'b0, pair3};
    assign count = {1'b0, low} + {1'b0, high};

endmodule

`default_nettype wire
