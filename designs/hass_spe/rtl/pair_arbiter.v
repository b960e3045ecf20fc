// pair_arbiter: round robin, up to two grants a cycle.
//
// The first grant is the first bit of the mask at or after the pointer, lane
// 7 being followed by lane 0; the second grant is the next bit after the
// first. The mask is turned so that the pointer's lane comes lowest.
// next_pointer is the lane after the last grant; it means nothing if the
// mask is empty. Combinational.
`default_nettype none

module pair_arbiter (
    input  wire [7:0] mask,
    input  wire [2:0] pointer,
    output wire       first_valid,
    output wire [2:0] first_lane,
    output wire       second_valid,
    output wire [2:0] second_lane,
    output wire [7:0] rest,
    output wire [2:0] next_pointer
);

    wire [3:0] back;
    wire [7:0] turned;
    wire [7:0] first_hot;
    wire [2:0] first_index;
    wire [7:0] others;
    wire [7:0] second_hot;
    wire [2:0] second_index;
    wire [7:0] left;

    // 8 - pointer, 1..8: what a shift by the pointer pushes out comes in again
    // at the other end.
    assign back   = 4'd8 - {1'b0, pointer};
    assign turned = (mask >> pointer) | (mask << back);

    lowest_one first (
        .value (turned),
        .hot   (first_hot),
        .index (first_index)
    );

    assign others = turned & ~first_hot;

    lowest_one second (
        .value (others),
        .hot   (second_hot),
        .index (second_index)
    );

    assign left = others & ~second_hot;

    assign first_valid  = turned != 8'd0;
    assign second_valid = others != 8'd0;

    // Lane numbers are taken modulo 8.
    assign first_lane   = first_index + pointer;
    assign second_lane  = second_index + pointer;
    assign rest         = (left << pointer) | (left >> back);
    assign next_pointer = (second_valid ? second_lane : first_lane) + 3'd1;

endmodule

`default_nettype wire
