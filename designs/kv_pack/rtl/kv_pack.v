// kv_pack: quantises groups of tokens to packed words of 4-bit or 2-bit
// codes.
//
// Fill side:  fill_control writes tokens to one of two buffers (token_store)
//             and pushes a command for every group that is closed, and for
//             END words; range_tracker follows each channel.
// Drain side: drain_control takes commands from the queue and offers their
//             words, coded by line_quantiser -> skid buffer.
// The sides overlap: one buffer fills while the other one is drained.
`default_nettype none

module kv_pack (
    input  wire        clk,
    input  wire        rst,
    input  wire [63:0] tok_data,
    input  wire        cfg_bits,
    input  wire        cfg_gran,
    input  wire        tok_valid,
    output wire        tok_ready,
    input  wire        flush,
    output wire [15:0] w_data,
    output wire [1:0]  w_kind,
    output wire        w_last,
    output wire        w_valid,
    input  wire        w_ready,
    output wire [2:0]  dbg_state,
    output wire [2:0]  dbg_channel,
    output wire [3:0]  dbg_fill,
    output wire [1:0]  dbg_full,
    output wire [2:0]  dbg_queue,
    output wire        dbg_unflushed
);

    localparam QUEUE_DEPTH = 4;

    // Fill side
    wire       write;
    wire       write_buffer;
    wire [3:0] write_place;
    wire       write_first;
    wire [8:0] new_command;
    wire       new_command_valid;
    wire       free;

    // Commands
    wire       queue_ready_unused;
    wire [8:0] command;
    wire       command_valid;
    wire       command_ready;

    // Drain side
    wire        read_buffer;
    wire [3:0]  read_place;
    wire        token_mode;
    wire        two_bit;
    wire        latch;
    wire        load;
    wire        step;
    wire        word_index;
    wire [63:0] token;
    wire [63:0] column;
    wire [63:0] elements;
    wire [63:0] channel_lows;
    wire [63:0] channel_highs;
    wire [7:0]  token_low;
    wire [7:0]  token_high;
    wire [7:0]  low;
    wire [7:0]  high;
    wire [7:0]  range;
    wire [15:0] code_word;

    // Words: {last, kind, data}
    wire [18:0] result_word;
    wire        result_valid;
    wire        result_ready;
    wire [18:0] out_word;

    fill_control fill_side (
        .clk           (clk),
        .rst           (rst),
        .cfg_bits      (cfg_bits),
        .cfg_gran      (cfg_gran),
        .tok_valid     (tok_valid),
        .tok_ready     (tok_ready),
        .flush         (flush),
        .write         (write),
        .write_buffer  (write_buffer),
        .write_place   (write_place),
        .write_first   (write_first),
        .command       (new_command),
        .command_valid (new_command_valid),
        .free          (free),
        .free_buffer   (read_buffer),
        .full          (dbg_full),
        .fill          (dbg_fill),
        .unflushed     (dbg_unflushed)
    );

    stream_fifo #(
        .WIDTH (9),
        .DEPTH (QUEUE_DEPTH)
    ) command_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   (new_command),
        .in_valid  (new_command_valid),
        .in_ready  (queue_ready_unused),
        .out_data  (command),
        .out_valid (command_valid),
        .out_ready (command_ready),
        .level     (dbg_queue)
    );

    token_store store (
        .clk          (clk),
        .write        (write),
        .write_buffer (write_buffer),
        .write_place  (write_place),
        .data         (tok_data),
        .read_buffer  (read_buffer),
        .read_place   (read_place),
        .read_channel (dbg_channel),
        .token        (token),
        .column       (column)
    );

    genvar c;
    generate
        for (c = 0; c < 8; c = c + 1) begin : channels
            range_tracker tracker (
                .clk          (clk),
                .write        (write),
                .write_buffer (write_buffer),
                .write_first  (write_first),
                .value        (tok_data[8*c+7:8*c]),
                .read_buffer  (read_buffer),
                .low          (channel_lows[8*c+7:8*c]),
                .high         (channel_highs[8*c+7:8*c])
            );
        end
    endgenerate

    line_extremes extremes (
        .elements (token),
        .low      (token_low),
        .high     (token_high)
    );

    // The line that is drained: a channel of the group, or a token.
    assign elements = token_mode ? token : column;
    assign low      = token_mode ? token_low : channel_lows[{dbg_channel, 3'b000} +: 8];
    assign high     = token_mode ? token_high : channel_highs[{dbg_channel, 3'b000} +: 8];
    assign range    = high - low;

    line_quantiser quantiser (
        .clk        (clk),
        .latch      (latch),
        .load       (load),
        .step       (step),
        .two_bit    (two_bit),
        .low        (low),
        .range      (range),
        .elements   (elements),
        .word_index (word_index),
        .word       (code_word)
    );

    drain_control drain_side (
        .clk           (clk),
        .rst           (rst),
        .command       (command),
        .command_valid (command_valid),
        .command_ready (command_ready),
        .read_buffer   (read_buffer),
        .read_place    (read_place),
        .read_channel  (dbg_channel),
        .token_mode    (token_mode),
        .two_bit       (two_bit),
        .latch         (latch),
        .load          (load),
        .step          (step),
        .word_index    (word_index),
        .token         (token),
        .low           (low),
        .range         (range),
        .code_word     (code_word),
        .free          (free),
        .out_word      (result_word),
        .out_valid     (result_valid),
        .out_ready     (result_ready),
        .state         (dbg_state)
    );

    skid_buffer #(
        .WIDTH (19)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result_word),
        .in_valid  (result_valid),
        .in_ready  (result_ready),
        .out_data  (out_word),
        .out_valid (w_valid),
        .out_ready (w_ready)
    );

    assign w_last = out_word[18];
    assign w_kind = out_word[17:16];
    assign w_data = out_word[15:0];

endmodule

`default_nettype wire
