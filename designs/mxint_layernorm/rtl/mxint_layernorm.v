// mxint_layernorm: layer normalisation over rows of 1..4 beats of four MXInt
// elements, with gamma and beta in two banks.
//
// Rows are loaded into two row buffers in turn. The sequencer reads a row
// four times: largest exponent, sum, squares, output. What it emits passes
// norm_stage -> affine_stage -> block_cast -> skid buffer. The next row is
// loaded meanwhile, and worked on while the last beats are in the pipeline.
//
// A pending swap of the banks keeps new rows out until no row is in the
// buffers or in the two stages.
`default_nettype none

module mxint_layernorm (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] in_mant,
    input  wire [3:0]  in_exp,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        cfg_we,
    input  wire        cfg_sel,
    input  wire [3:0]  cfg_addr,
    input  wire [7:0]  cfg_data,
    input  wire        cfg_commit,
    output wire [31:0] out_mant,
    output wire [3:0]  out_exp,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  dbg_state,
    output wire [1:0]  dbg_rows,
    output wire        dbg_pending,
    output wire        dbg_bank
);

    localparam [2:0] ROOT = 3'd5;

    // The row that is worked on
    wire        row_valid;
    wire [1:0]  row_last;
    wire        row_free;
    wire [1:0]  place;
    wire        at_last;
    wire [35:0] beat_word;
    wire [35:0] diffs;
    wire [13:0] variance;
    wire        emit_valid;
    wire        emit_ready;

    // Normalised beats: {last, place, t3, t2, t1, t0}
    wire [34:0] norm_word;
    wire        norm_valid;
    wire        norm_ready;

    // Coefficients of the beat in norm_stage
    wire        drained;
    wire [31:0] gamma;
    wire [31:0] beta;

    // Scaled beats: {last, z3, z2, z1, z0}
    wire [64:0] affine_word;
    wire        affine_valid;
    wire        affine_ready;

    // Results: {last, exponent, mantissa3, .., mantissa0}
    wire [3:0]  exponent;
    wire [31:0] mantissas;
    wire [36:0] out_word;

    row_buffer buffer (
        .clk        (clk),
        .rst        (rst),
        .hold       (dbg_pending),
        .in_word    ({in_exp, in_mant}),
        .in_last    (in_last),
        .in_valid   (in_valid),
        .in_ready   (in_ready),
        .row_valid  (row_valid),
        .row_last   (row_last),
        .read_place (place),
        .read_word  (beat_word),
        .row_free   (row_free),
        .level      (dbg_rows)
    );

    sequencer phases (
        .clk        (clk),
        .rst        (rst),
        .row_valid  (row_valid),
        .row_last   (row_last),
        .row_free   (row_free),
        .state      (dbg_state),
        .place      (place),
        .at_last    (at_last),
        .emit_valid (emit_valid),
        .emit_ready (emit_ready)
    );

    row_statistics statistics (
        .clk      (clk),
        .state    (dbg_state),
        .place    (place),
        .row_last (row_last),
        .word     (beat_word),
        .diffs    (diffs),
        .variance (variance)
    );

    norm_stage norm (
        .clk       (clk),
        .rst       (rst),
        .root_take (dbg_state == ROOT),
        .variance  (variance),
        .diffs     (diffs),
        .place     (place),
        .last      (at_last),
        .in_valid  (emit_valid),
        .in_ready  (emit_ready),
        .out_word  (norm_word),
        .out_valid (norm_valid),
        .out_ready (norm_ready)
    );

    // No row is loaded, worked on, or in front of the output buffer.
    assign drained = (dbg_rows == 2'd0) && !norm_valid && !affine_valid;

    coefficient_banks banks (
        .clk          (clk),
        .rst          (rst),
        .cfg_we       (cfg_we),
        .cfg_sel      (cfg_sel),
        .cfg_addr     (cfg_addr),
        .cfg_data     (cfg_data),
        .cfg_commit   (cfg_commit),
        .drained      (drained),
        .swap_pending (dbg_pending),
        .bank         (dbg_bank),
        .place        (norm_word[33:32]),
        .gamma        (gamma),
        .beta         (beta)
    );

    affine_stage affine (
        .clk       (clk),
        .rst       (rst),
        .lanes     (norm_word[31:0]),
        .gamma     (gamma),
        .beta      (beta),
        .last      (norm_word[34]),
        .in_valid  (norm_valid),
        .in_ready  (norm_ready),
        .out_word  (affine_word),
        .out_valid (affine_valid),
        .out_ready (affine_ready)
    );

    block_cast cast (
        .z         (affine_word[63:0]),
        .exponent  (exponent),
        .mantissas (mantissas)
    );

    skid_buffer #(
        .WIDTH (37)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({affine_word[64], exponent, mantissas}),
        .in_valid  (affine_valid),
        .in_ready  (affine_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_last = out_word[36];
    assign out_exp  = out_word[35:32];
    assign out_mant = out_word[31:0];

endmodule

`default_nettype wire
