// beat_stage: the first register. Dot products and exponents of one beat, and
// the configuration of the beat's vector.
//
// One cycle of latency, full throughput. in_ready depends on the register's
// own flag and on out_ready, never on in_valid.
// The configuration is sampled in the cycle in which the first beat of a
// vector is accepted, and kept until the next first beat.
`default_nettype none

module beat_stage (
    input  wire               clk,
    input  wire               rst,
    input  wire        [63:0] in_x,
    input  wire        [31:0] in_w,
    input  wire        [63:0] in_a0,
    input  wire        [63:0] in_a1,
    input  wire        [3:0]  in_ex,
    input  wire        [3:0]  in_ew,
    input  wire        [3:0]  in_ea,
    input  wire               in_last,
    input  wire               in_valid,
    output wire               in_ready,
    input  wire        [20:0] config_word,
    output reg  signed [14:0] main_dot,
    output reg  signed [18:0] rank0_dot,
    output reg  signed [18:0] rank1_dot,
    output reg  signed [4:0]  main_exp,
    output reg  signed [4:0]  rank_exp,
    output reg                last,
    output reg         [20:0] vector_config,
    output wire               out_valid,
    input  wire               out_ready
);

    reg beat_valid;
    reg in_vector;

    wire               take;
    wire signed [14:0] dot_w;
    wire signed [18:0] dot_a0;
    wire signed [18:0] dot_a1;

    lane_dot #(
        .V_WIDTH (4)
    ) main_lanes (
        .x   (in_x),
        .v   (in_w),
        .dot (dot_w)
    );

    lane_dot #(
        .V_WIDTH (8)
    ) rank0_lanes (
        .x   (in_x),
        .v   (in_a0),
        .dot (dot_a0)
    );

    lane_dot #(
        .V_WIDTH (8)
    ) rank1_lanes (
        .x   (in_x),
        .v   (in_a1),
        .dot (dot_a1)
    );

    assign in_ready  = !beat_valid || out_ready;
    assign out_valid = beat_valid;
    assign take      = in_valid && in_ready;

    always @(posedge clk) begin
        if (rst)
            beat_valid <= 1'b0;
        else if (in_ready)
            beat_valid <= in_valid;
    end

    // High between the first and the last beat of a vector.
    always @(posedge clk) begin
        if (rst)
            in_vector <= 1'b0;
        else if (take)
            in_vector <= !in_last;
    end

    always @(posedge clk) begin
        if (take) begin
            main_dot  <= dot_w;
            rank0_dot <= dot_a0;
            rank1_dot <= dot_a1;
            main_exp  <= {in_ex[3], in_ex} + {in_ew[3], in_ew};
            rank_exp  <= {in_ex[3], in_ex} + {in_ea[3], in_ea};
            last      <= in_last;
        end
    end

    always @(posedge clk) begin
        if (take && !in_vector)
            vector_config <= config_word;
    end

endmodule

`default_nettype wire
