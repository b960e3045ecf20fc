// operand_stage: turns x into the operand of the sum: x * x if x > t,
// otherwise -x.
//
//   x, t -> join -> eager fork -> select queue             x > t
//                              -> square pipe, 3 stages    eta: x > t
//                              -> negation, transparent    eta: x <= t
//   gamma: reads the branch that the head of the select queue names
//
// A square takes three cycles and a negation none, so a younger -x often
// stands at the gamma before an older square; the select queue keeps the
// order.
`default_nettype none

module operand_stage (
    input  wire               clk,
    input  wire               rst,
    input  wire signed [7:0]  x,
    input  wire               x_valid,
    output wire               x_ready,
    input  wire signed [7:0]  t,
    input  wire               t_valid,
    output wire               t_ready,
    output wire signed [14:0] operand,
    output wire               operand_valid,
    input  wire               operand_ready,
    // Observed
    output wire [2:0]         sent,
    output wire [1:0]         select_level,
    output wire               select,
    output wire [2:0]         stages,
    output wire               negation_held
);

    wire        pair_valid;
    wire        pair_ready;
    wire        above;
    wire [2:0]  fork_valid;
    wire        queue_ready;
    wire        square_taken;
    wire        negation_taken;
    wire        square_in_valid;
    wire        square_in_ready;
    wire        negation_in_valid;
    wire        negation_in_ready;
    wire        select_valid;
    wire        select_ready;
    wire [13:0] square;
    wire        square_valid;
    wire        square_ready;
    wire [8:0]  minus_x;
    wire [8:0]  negation;
    wire        negation_valid;
    wire        negation_ready;

    // The join: both are consumed together, when the fork is through.
    assign pair_valid = x_valid && t_valid;
    assign x_ready    = pair_ready && t_valid;
    assign t_ready    = pair_ready && x_valid;

    assign above   = x > t;
    // -x in -127..128: one bit more than x.
    assign minus_x = 9'd0 - {x[7], x};

    eager_fork #(
        .CONSUMERS (3)
    ) data_fork (
        .clk       (clk),
        .rst       (rst),
        .in_valid  (pair_valid),
        .in_ready  (pair_ready),
        .out_valid (fork_valid),
        .out_ready ({negation_taken, square_taken, queue_ready}),
        .sent      (sent)
    );

    elastic_queue #(
        .WIDTH (1)
    ) select_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   (above),
        .in_valid  (fork_valid[0]),
        .in_ready  (queue_ready),
        .out_data  (select),
        .out_valid (select_valid),
        .out_ready (select_ready),
        .level     (select_level)
    );

    eta_gate square_eta (
        .in_valid  (fork_valid[1]),
        .in_ready  (square_taken),
        .pass      (above),
        .out_valid (square_in_valid),
        .out_ready (square_in_ready)
    );

    square_pipe squares (
        .clk       (clk),
        .rst       (rst),
        .in_data   (x),
        .in_valid  (square_in_valid),
        .in_ready  (square_in_ready),
        .out_data  (square),
        .out_valid (square_valid),
        .out_ready (square_ready),
        .stages    (stages)
    );

    eta_gate negation_eta (
        .in_valid  (fork_valid[2]),
        .in_ready  (negation_taken),
        .pass      (!above),
        .out_valid (negation_in_valid),
        .out_ready (negation_in_ready)
    );

    transparent_slot #(
        .WIDTH (9)
    ) negation_slot (
        .clk       (clk),
        .rst       (rst),
        .in_data   (minus_x),
        .in_valid  (negation_in_valid),
        .in_ready  (negation_in_ready),
        .out_data  (negation),
        .out_valid (negation_valid),
        .out_ready (negation_ready),
        .held      (negation_held)
    );

    gamma_gate #(
        .WIDTH (15)
    ) gamma (
        .select       (select),
        .select_valid (select_valid),
        .select_ready (select_ready),
        .true_data    ({1'b0, square}),
        .true_valid   (square_valid),
        .true_ready   (square_ready),
        .false_data   ({{6{negation[8]}}, negation}),
        .false_valid  (negation_valid),
        .false_ready  (negation_ready),
        .out_data     (operand),
        .out_valid    (operand_valid),
        .out_ready    (operand_ready)
    );

endmodule

`default_nettype wire
