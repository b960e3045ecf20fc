// speft_merge: merges a sparse list of updates into a stream of weights.
//
// w -> block register <- merge_control <- queue of 4 <- d
//           |
//           +-> skid buffer -> out
`default_nettype none

module speft_merge (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] w_data,
    input  wire        w_last,
    input  wire        w_valid,
    output wire        w_ready,
    input  wire [5:0]  d_index,
    input  wire [7:0]  d_value,
    input  wire [1:0]  d_kind,
    input  wire        d_last,
    input  wire        d_valid,
    output wire        d_ready,
    output wire [31:0] out_data,
    output wire [3:0]  out_hits,
    output wire [3:0]  out_clipped,
    output wire [4:0]  out_dropped,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire        dbg_held,
    output wire        dbg_ended,
    output wire [3:0]  dbg_block,
    output wire [3:0]  dbg_mask,
    output wire [2:0]  dbg_queue
);

    wire        load;
    wire [31:0] weights;
    wire        block_last;
    wire [3:0]  hits;
    wire [3:0]  clipped;
    wire [16:0] head;
    wire        head_valid;
    wire        head_ready;
    wire        update;
    wire        set_mask;
    wire        merged_valid;
    wire        merged_ready;
    wire        tile_done;
    wire [4:0]  dropped;
    wire [45:0] out_word;

    stream_fifo #(
        .WIDTH (17),
        .DEPTH (4)
    ) list (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({d_last, d_kind, d_index, d_value}),
        .in_valid  (d_valid),
        .in_ready  (d_ready),
        .out_data  (head),
        .out_valid (head_valid),
        .out_ready (head_ready),
        .level     (dbg_queue)
    );

    merge_control control (
        .clk        (clk),
        .rst        (rst),
        .w_valid    (w_valid),
        .w_ready    (w_ready),
        .load       (load),
        .block_last (block_last),
        .head_valid (head_valid),
        .head_ready (head_ready),
        .head_block (head[13:10]),
        .head_kind  (head[15:14]),
        .head_last  (head[16]),
        .update     (update),
        .set_mask   (set_mask),
        .out_valid  (merged_valid),
        .out_ready  (merged_ready),
        .tile_done  (tile_done),
        .dropped    (dropped),
        .held       (dbg_held),
        .ended      (dbg_ended),
        .place      (dbg_block)
    );

    tile_block merged (
        .clk        (clk),
        .rst        (rst),
        .load       (load),
        .in_weights (w_data),
        .in_last    (w_last),
        .update     (update),
        .set_mask   (set_mask),
        .lane       (head[9:8]),
        .value      (head[7:0]),
        .tile_done  (tile_done),
        .weights    (weights),
        .last       (block_last),
        .hits       (hits),
        .clipped    (clipped),
        .mask       (dbg_mask)
    );

    skid_buffer #(
        .WIDTH (46)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({block_last, dropped, clipped, hits, weights}),
        .in_valid  (merged_valid),
        .in_ready  (merged_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_data    = out_word[31:0];
    assign out_hits    = out_word[35:32];
    assign out_clipped = out_word[39:36];
    assign out_dropped = out_word[44:40];
    assign out_last    = out_word[45];

endmodule

`default_nettype wire
