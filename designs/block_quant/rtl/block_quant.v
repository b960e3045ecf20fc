// block_quant: quantises blocks of eight 16-bit elements to 8-bit codes with
// a shared exponent, in one of three formats that each block brings along.
//
// Fill side:  fill_control writes elements to one of two buffers
//             (element_store) and follows the peak of the block.
// Drain side: block_scale makes the shared exponent of the next closed
//             block, drain_control sends its beats through normalise_stage
//             and code_stage -> skid buffer.
// Up to three blocks are inside at once, each with its own format: one that
// is filled or waits, one that is drained, and the last beats of the one
// before. So each beat carries its format and exponent with it.
`default_nettype none

module block_quant (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_x,
    input  wire [1:0]  in_fmt,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [7:0]  out_data,
    output wire        out_head,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  dbg_fill,
    output wire [1:0]  dbg_full,
    output wire [1:0]  dbg_state,
    output wire [2:0]  dbg_place,
    output wire [1:0]  dbg_format,
    output wire        dbg_zero,
    output wire [1:0]  dbg_pipe
);

    // Fill side
    wire       write;
    wire       write_buffer;
    wire [2:0] write_place;

    // The block that is drained next
    wire        next_buffer;
    wire [1:0]  next_format;
    wire [15:0] next_peak;
    wire [3:0]  next_exponent;
    wire        next_zero;

    // The block that is drained
    wire        read_buffer;
    wire        free;
    wire [15:0] element;
    wire        beat_valid;
    wire        beat_ready;
    wire        beat_head;
    wire        beat_last;
    wire [1:0]  beat_format;
    wire [3:0]  beat_exponent;
    wire        beat_zero;

    // Between the pipeline registers
    wire        norm_valid;
    wire        norm_ready;
    wire        norm_head;
    wire        norm_last;
    wire [1:0]  norm_format;
    wire [3:0]  norm_exponent;
    wire        norm_zero;
    wire        norm_negative;
    wire [3:0]  norm_top;
    wire [15:0] norm_significand;

    // Coded beats: {last, head, data}
    wire       code_valid;
    wire       code_ready;
    wire       code_head;
    wire       code_last;
    wire [7:0] code_data;
    wire [9:0] out_beat;

    fill_control fill_side (
        .clk          (clk),
        .rst          (rst),
        .in_x         (in_x),
        .in_fmt       (in_fmt),
        .in_valid     (in_valid),
        .in_ready     (in_ready),
        .write        (write),
        .write_buffer (write_buffer),
        .write_place  (write_place),
        .free         (free),
        .free_buffer  (read_buffer),
        .read_buffer  (next_buffer),
        .read_format  (next_format),
        .read_peak    (next_peak),
        .full         (dbg_full),
        .fill         (dbg_fill)
    );

    element_store store (
        .clk          (clk),
        .write        (write),
        .write_buffer (write_buffer),
        .write_place  (write_place),
        .x            (in_x),
        .read_buffer  (read_buffer),
        .read_place   (dbg_place),
        .element      (element)
    );

    block_scale scale (
        .peak     (next_peak),
        .format   (next_format),
        .exponent (next_exponent),
        .zero     (next_zero)
    );

    drain_control drain_side (
        .clk           (clk),
        .rst           (rst),
        .full          (dbg_full),
        .next_buffer   (next_buffer),
        .next_format   (next_format),
        .next_exponent (next_exponent),
        .next_zero     (next_zero),
        .read_buffer   (read_buffer),
        .read_place    (dbg_place),
        .free          (free),
        .beat_valid    (beat_valid),
        .beat_ready    (beat_ready),
        .beat_head     (beat_head),
        .beat_last     (beat_last),
        .beat_format   (beat_format),
        .beat_exponent (beat_exponent),
        .beat_zero     (beat_zero),
        .state         (dbg_state)
    );

    normalise_stage normalise (
        .clk             (clk),
        .rst             (rst),
        .in_valid        (beat_valid),
        .in_ready        (beat_ready),
        .in_head         (beat_head),
        .in_last         (beat_last),
        .in_format       (beat_format),
        .in_exponent     (beat_exponent),
        .in_x            (element),
        .out_valid       (norm_valid),
        .out_ready       (norm_ready),
        .out_head        (norm_head),
        .out_last        (norm_last),
        .out_format      (norm_format),
        .out_exponent    (norm_exponent),
        .out_zero        (norm_zero),
        .out_negative    (norm_negative),
        .out_top         (norm_top),
        .out_significand (norm_significand)
    );

    code_stage coding (
        .clk            (clk),
        .rst            (rst),
        .in_valid       (norm_valid),
        .in_ready       (norm_ready),
        .in_head        (norm_head),
        .in_last        (norm_last),
        .in_format      (norm_format),
        .in_exponent    (norm_exponent),
        .in_zero        (norm_zero),
        .in_negative    (norm_negative),
        .in_top         (norm_top),
        .in_significand (norm_significand),
        .out_valid      (code_valid),
        .out_ready      (code_ready),
        .out_head       (code_head),
        .out_last       (code_last),
        .out_data       (code_data)
    );

    skid_buffer #(
        .WIDTH (10)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({code_last, code_head, code_data}),
        .in_valid  (code_valid),
        .in_ready  (code_ready),
        .out_data  (out_beat),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_data = out_beat[7:0];
    assign out_head = out_beat[8];
    assign out_last = out_beat[9];

    assign dbg_format = beat_valid ? beat_format : 2'd0;
    assign dbg_zero   = beat_valid && beat_zero;
    assign dbg_pipe   = {code_valid, norm_valid};

endmodule

`default_nettype wire
