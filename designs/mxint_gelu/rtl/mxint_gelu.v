// mxint_gelu: GELU of a stream of beats of two MXInt elements.
//
// in -> gelu_lane of both lanes -> lane register -> common exponent and casts
//    -> skid buffer -> out
//
// A beat of zeros has no exponent of its own; it takes that of the beat before.
`default_nettype none

module mxint_gelu (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_mant,
    input  wire [3:0]  in_exp,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [15:0] out_mant,
    output wire [3:0]  out_exp,
    output wire        out_valid,
    input  wire        out_ready,
    output wire        dbg_held,
    output wire [3:0]  dbg_kept
);

    localparam [3:0] EXP_MIN = 4'h8;

    // Lane register
    reg               held;
    reg signed [14:0] y0;
    reg signed [14:0] y1;

    // Exponent of the last beat that moved on
    reg [3:0] kept;

    wire signed [14:0] new_y0;
    wire signed [14:0] new_y1;
    wire        [13:0] magnitude0;
    wire        [13:0] magnitude1;
    wire        [3:0]  length;
    wire        [3:0]  exponent;
    wire        [7:0]  mantissa0;
    wire        [7:0]  mantissa1;
    wire               cast_ready;
    wire               move;
    wire        [19:0] out_word;

    gelu_lane lane0 (
        .mant     (in_mant[7:0]),
        .exponent (in_exp),
        .y        (new_y0)
    );

    gelu_lane lane1 (
        .mant     (in_mant[15:8]),
        .exponent (in_exp),
        .y        (new_y1)
    );

    assign in_ready = !held || cast_ready;
    assign move     = held && cast_ready;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (in_ready)
            held <= in_valid;
    end

    // Payload registers need no reset: held qualifies them.
    always @(posedge clk) begin
        if (in_valid && in_ready) begin
            y0 <= new_y0;
            y1 <= new_y1;
        end
    end

    // The bit length of the greater magnitude is that of both together.
    assign magnitude0 = y0[14] ? 14'd0 - y0[13:0] : y0[13:0];
    assign magnitude1 = y1[14] ? 14'd0 - y1[13:0] : y1[13:0];

    bit_length block_length (
        .value  (magnitude0 | magnitude1),
        .length (length)
    );

    // length - 7 is -6..7.
    assign exponent = (length == 4'd0) ? kept : length - 4'd7;

    lane_cast cast0 (
        .y        (y0),
        .length   (length),
        .mantissa (mantissa0)
    );

    lane_cast cast1 (
        .y        (y1),
        .length   (length),
        .mantissa (mantissa1)
    );

    always @(posedge clk) begin
        if (rst)
            kept <= EXP_MIN;
        else if (move)
            kept <= exponent;
    end

    skid_buffer #(
        .WIDTH (20)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({exponent, mantissa1, mantissa0}),
        .in_valid  (held),
        .in_ready  (cast_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_exp  = out_word[19:16];
    assign out_mant = out_word[15:0];
    assign dbg_held = held;
    assign dbg_kept = kept;

endmodule

`default_nettype wire
