// lookup_control: the active table, the row that is looked up next, and the
// swap of the two tables.
//
// A row is taken when a weight beat is transferred. It is held back while the
// drain of the tile before has not yet passed it, and the last row of a tile
// while that drain goes on at all. wgt_ready depends on registers only.
//
// State (dbg): 0 NONE    no active table
//              1 READY   the row may be looked up (wgt_ready is high)
//              2 BEHIND  the drain has not passed this row
//              3 LAST    last row of a tile, the drain is not at its end
`default_nettype none

module lookup_control (
    input  wire       clk,
    input  wire       rst,
    input  wire       wgt_valid,
    output wire       wgt_ready,
    // The table in the making
    input  wire       build_complete,
    input  wire [1:0] build_bits_m1,
    input  wire [2:0] build_rows_m1,
    input  wire       build_first,
    input  wire       build_last,
    output wire       swap,
    // The drain
    input  wire       drain_busy,
    input  wire [2:0] drain_row,
    // The row that is looked up in this cycle
    output wire       take,
    output reg        bank,
    output reg  [2:0] row,
    output reg  [1:0] bits_m1,
    output reg  [2:0] rows_m1,
    output reg        first,
    output wire       tile_end,
    output wire [1:0] state
);

    localparam [1:0] NONE   = 2'd0;
    localparam [1:0] READY  = 2'd1;
    localparam [1:0] BEHIND = 2'd2;
    localparam [1:0] LAST   = 2'd3;

    reg active;
    reg last;

    wire last_row;
    wire group_end;

    assign last_row = row == rows_m1;
    assign state    = !active                             ? NONE   :
                      (drain_busy && (row >= drain_row))  ? BEHIND :
                      (drain_busy && last && last_row)    ? LAST   : READY;

    assign wgt_ready = state == READY;
    assign take      = wgt_valid && wgt_ready;
    assign group_end = take && last_row;
    assign tile_end  = group_end && last;
    assign swap      = build_complete && (group_end || !active);

    always @(posedge clk) begin
        if (rst) begin
            active <= 1'b0;
            bank   <= 1'b0;
        end else if (swap) begin
            active <= 1'b1;
            bank   <= !bank;
        end else if (group_end) begin
            active <= 1'b0;
        end
    end

    always @(posedge clk) begin
        if (rst)
            row <= 3'd0;
        else if (take)
            row <= last_row ? 3'd0 : row + 3'd1;
    end

    // What belongs to a table moves with it.
    always @(posedge clk) begin
        if (swap) begin
            bits_m1 <= build_bits_m1;
            rows_m1 <= build_rows_m1;
            first   <= build_first;
            last    <= build_last;
        end
    end

endmodule

`default_nettype wire
