// table_builder: takes the next activation group and builds its table of
// eight signed sums, two entries a cycle.
//
// U[j] = a3 + s2 * a2 + s1 * a1 + s0 * a0, where sk is +1 if bit k of j is 1
// and -1 if it is 0. The sign of a3 is fixed; the other eight sums are the
// negatives of these (see mirror_lane).
//
// State (dbg): 0 WAIT   takes a group as soon as there is one
//              1..4     writes the entries 2 * (state - 1) and the one after
//              5 FULL   the table is complete and waits for the swap
// The number of planes and of rows are kept from the first group of a tile.
// Word layout: {last, rows_m1[2:0], bits_m1[1:0], a3[7:0], .. a0[7:0]}.
`default_nettype none

module table_builder (
    input  wire               clk,
    input  wire               rst,
    input  wire        [37:0] group_word,
    input  wire               group_valid,
    output wire               group_ready,
    // The entries 2 * pair and 2 * pair + 1
    output wire               write,
    output wire        [1:0]  pair,
    output wire signed [9:0]  entry_even,
    output wire signed [9:0]  entry_odd,
    // The table in the making
    input  wire               swap,
    output wire               complete,
    output reg         [1:0]  bits_m1,
    output reg         [2:0]  rows_m1,
    output reg                first,
    output reg                last,
    output wire        [2:0]  state
);

    localparam [2:0] WAIT  = 3'd0;
    localparam [2:0] BUILD = 3'd1;
    localparam [2:0] FINAL = 3'd4;
    localparam [2:0] FULL  = 3'd5;

    reg        [2:0] phase;
    reg              tile_open;
    reg signed [7:0] a0;
    reg signed [7:0] a1;
    reg signed [7:0] a2;
    reg signed [7:0] a3;

    wire              take;
    wire signed [9:0] wide0;
    wire signed [9:0] wide1;
    wire signed [9:0] wide2;
    wire signed [9:0] wide3;
    wire signed [9:0] upper;
    wire signed [9:0] base;

    assign group_ready = phase == WAIT;
    assign take        = group_valid && group_ready;
    assign write       = (phase != WAIT) && (phase != FULL);
    assign pair        = phase[1:0] - 2'd1;
    assign complete    = (phase == FINAL) || (phase == FULL);
    assign state       = phase;

    always @(posedge clk) begin
        if (rst) begin
            phase <= WAIT;
        end else begin
            case (phase)
                WAIT:    if (group_valid) phase <= BUILD;
                FINAL:   phase <= swap ? WAIT : FULL;
                FULL:    if (swap) phase <= WAIT;
                default: phase <= phase + 3'd1;
            endcase
        end
    end

    always @(posedge clk) begin
        if (rst)
            tile_open <= 1'b0;
        else if (take)
            tile_open <= !group_word[37];
    end

    always @(posedge clk) begin
        if (take) begin
            last  <= group_word[37];
            first <= !tile_open;
            a3    <= group_word[31:24];
            a2    <= group_word[23:16];
            a1    <= group_word[15:8];
            a0    <= group_word[7:0];
        end
        if (take && !tile_open) begin
            rows_m1 <= group_word[36:34];
            bits_m1 <= group_word[33:32];
        end
    end

    // Four elements of -128..127 with signs: -512..511, ten bits. The +512 of
    // four times -128 belongs to the mirrored half.
    assign wide0 = {{2{a0[7]}}, a0};
    assign wide1 = {{2{a1[7]}}, a1};
    assign wide2 = {{2{a2[7]}}, a2};
    assign wide3 = {{2{a3[7]}}, a3};

    assign upper      = pair[1] ? (wide3 + wide2) : (wide3 - wide2);
    assign base       = pair[0] ? (upper + wide1) : (upper - wide1);
    assign entry_even = base - wide0;
    assign entry_odd  = base + wide0;

endmodule

`default_nettype wire
