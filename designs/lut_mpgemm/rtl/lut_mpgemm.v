// lut_mpgemm: matrix product of 8-bit activations with weights of 1..4 bits
// by table lookup, one bit plane of a weight after the other.
//
// act -> activation FIFO (2) -> table_builder -> table_pair
// wgt -> four lookups in the active table -> plane_sum -> row_accumulators
//     -> result_drain -> skid buffer -> out
//
// The stages overlap: the next group's table is built while the rows of the
// present one are looked up, and the results of a tile leave while the next
// tile begins; lookup_control keeps its rows behind the drain.
`default_nettype none

module lut_mpgemm (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] act_data,
    input  wire [1:0]  act_bits_m1,
    input  wire [2:0]  act_rows_m1,
    input  wire        act_last,
    input  wire        act_valid,
    output wire        act_ready,
    input  wire [15:0] wgt_planes,
    input  wire        wgt_valid,
    output wire        wgt_ready,
    output wire [16:0] out_y,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [1:0]  dbg_act_level,
    output wire [2:0]  dbg_build,
    output wire [1:0]  dbg_look,
    output wire [2:0]  dbg_look_row,
    output wire [1:0]  dbg_drain,
    output wire [2:0]  dbg_drain_row
);

    localparam FIFO_DEPTH = 2;

    // Activation groups: {last, rows_m1, bits_m1, a3, a2, a1, a0}
    wire [37:0] group_word;
    wire        group_valid;
    wire        group_ready;

    // The table in the making
    wire              write;
    wire        [1:0] pair;
    wire signed [9:0] entry_even;
    wire signed [9:0] entry_odd;
    wire              swap;
    wire              build_complete;
    wire        [1:0] build_bits_m1;
    wire        [2:0] build_rows_m1;
    wire              build_first;
    wire              build_last;

    // The active table
    wire               bank;
    wire               take;
    wire        [2:0]  row;
    wire        [1:0]  bits_m1;
    wire        [2:0]  rows_m1;
    wire               first;
    wire               tile_end;
    wire        [2:0]  addr0;
    wire        [2:0]  addr1;
    wire        [2:0]  addr2;
    wire        [2:0]  addr3;
    wire signed [9:0]  u0;
    wire signed [9:0]  u1;
    wire signed [9:0]  u2;
    wire signed [9:0]  u3;
    wire signed [9:0]  u_seven;
    wire signed [10:0] value0;
    wire signed [10:0] value1;
    wire signed [10:0] value2;
    wire signed [10:0] value3;

    // Row sums
    wire               add;
    wire        [2:0]  add_row;
    wire               add_first;
    wire signed [13:0] add_sum;
    wire        [2:0]  drain_row;
    wire signed [16:0] drain_sum;
    wire               drain_busy;

    // Results: {last, y}
    wire [17:0] result_word;
    wire        result_valid;
    wire        result_ready;
    wire [17:0] out_word;

    stream_fifo #(
        .WIDTH (38),
        .DEPTH (FIFO_DEPTH)
    ) act_fifo (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({act_last, act_rows_m1, act_bits_m1, act_data}),
        .in_valid  (act_valid),
        .in_ready  (act_ready),
        .out_data  (group_word),
        .out_valid (group_valid),
        .out_ready (group_ready),
        .level     (dbg_act_level)
    );

    table_builder builder (
        .clk         (clk),
        .rst         (rst),
        .group_word  (group_word),
        .group_valid (group_valid),
        .group_ready (group_ready),
        .write       (write),
        .pair        (pair),
        .entry_even  (entry_even),
        .entry_odd   (entry_odd),
        .swap        (swap),
        .complete    (build_complete),
        .bits_m1     (build_bits_m1),
        .rows_m1     (build_rows_m1),
        .first       (build_first),
        .last        (build_last),
        .state       (dbg_build)
    );

    table_pair tables (
        .clk        (clk),
        .bank       (bank),
        .write      (write),
        .pair       (pair),
        .entry_even (entry_even),
        .entry_odd  (entry_odd),
        .addr0      (addr0),
        .addr1      (addr1),
        .addr2      (addr2),
        .addr3      (addr3),
        .u0         (u0),
        .u1         (u1),
        .u2         (u2),
        .u3         (u3),
        .u_seven    (u_seven)
    );

    lookup_control control (
        .clk            (clk),
        .rst            (rst),
        .wgt_valid      (wgt_valid),
        .wgt_ready      (wgt_ready),
        .build_complete (build_complete),
        .build_bits_m1  (build_bits_m1),
        .build_rows_m1  (build_rows_m1),
        .build_first    (build_first),
        .build_last     (build_last),
        .swap           (swap),
        .drain_busy     (drain_busy),
        .drain_row      (drain_row),
        .take           (take),
        .bank           (bank),
        .row            (row),
        .bits_m1        (bits_m1),
        .rows_m1        (rows_m1),
        .first          (first),
        .tile_end       (tile_end),
        .state          (dbg_look)
    );

    mirror_lane lane0 (
        .index (wgt_planes[3:0]),
        .addr  (addr0),
        .u     (u0),
        .value (value0)
    );

    mirror_lane lane1 (
        .index (wgt_planes[7:4]),
        .addr  (addr1),
        .u     (u1),
        .value (value1)
    );

    mirror_lane lane2 (
        .index (wgt_planes[11:8]),
        .addr  (addr2),
        .u     (u2),
        .value (value2)
    );

    mirror_lane lane3 (
        .index (wgt_planes[15:12]),
        .addr  (addr3),
        .u     (u3),
        .value (value3)
    );

    plane_sum planes (
        .clk        (clk),
        .rst        (rst),
        .take       (take),
        .take_row   (row),
        .take_first (first),
        .bits_m1    (bits_m1),
        .value0     (value0),
        .value1     (value1),
        .value2     (value2),
        .value3     (value3),
        .valid      (add),
        .row        (add_row),
        .first      (add_first),
        .sum        (add_sum)
    );

    row_accumulators accumulators (
        .clk       (clk),
        .add       (add),
        .add_row   (add_row),
        .add_first (add_first),
        .add_sum   (add_sum),
        .read_row  (drain_row),
        .read_sum  (drain_sum)
    );

    result_drain drain (
        .clk          (clk),
        .rst          (rst),
        .group_start  (take && (row == 3'd0)),
        .tile_first   (first),
        .u_seven      (u_seven),
        .tile_end     (tile_end),
        .tile_rows_m1 (rows_m1),
        .read_row     (drain_row),
        .read_sum     (drain_sum),
        .out_word     (result_word),
        .out_valid    (result_valid),
        .out_ready    (result_ready),
        .busy         (drain_busy),
        .state        (dbg_drain)
    );

    skid_buffer #(
        .WIDTH (18)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result_word),
        .in_valid  (result_valid),
        .in_ready  (result_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_last      = out_word[17];
    assign out_y         = out_word[16:0];
    assign dbg_look_row  = row;
    assign dbg_drain_row = drain_row;

endmodule

`default_nettype wire
