// hgsa_loop: a loop with a condition in its body as an elastic circuit of
// mu, eta and gamma gates.
//
//   s = 0; for (i = 0; i < n; i++) { x = A[i]; if (x > t) s += x * x; else s -= x; }
//
//   in -> header buffer (2) -> header fork -> index_loop -> address slot -> ld_addr
//                                          -> sum_loop -> result slot -> out
//   index_loop -> threshold queue (2) -> operand_stage -> sum_loop
//              -> condition queue (2) -> sum_loop
//   ld_data -> data slot -> operand_stage
//
// Nothing counts cycles: every token waits where it is until its consumers
// are ready. A header stays in the header fork until both loops have taken
// it, so at most two invocations are in the loops.
`default_nettype none

module hgsa_loop (
    input  wire        clk,
    input  wire        rst,
    input  wire [3:0]  in_n,
    input  wire [7:0]  in_t,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [3:0]  ld_addr,
    output wire        ld_addr_valid,
    input  wire        ld_addr_ready,
    input  wire [7:0]  ld_data,
    input  wire        ld_data_valid,
    output wire        ld_data_ready,
    output wire [19:0] out_s,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  dbg_header,
    output wire [1:0]  dbg_index,
    output wire [3:0]  dbg_index_sent,
    output wire [1:0]  dbg_ahead,
    output wire [1:0]  dbg_thresholds,
    output wire        dbg_data,
    output wire [2:0]  dbg_data_sent,
    output wire [1:0]  dbg_selects,
    output wire        dbg_select,
    output wire [2:0]  dbg_squares,
    output wire        dbg_negation,
    output wire [1:0]  dbg_sum
);

    // Headers: {t, n}
    wire [11:0] header;
    wire        header_valid;
    wire        header_ready;
    wire [1:0]  start_valid;
    wire        index_start_ready;
    wire        sum_start_ready;
    wire [1:0]  header_sent;

    // From the index loop
    wire [3:0]  address;
    wire        address_valid;
    wire        address_ready;
    wire [7:0]  threshold_in;
    wire        threshold_in_valid;
    wire        threshold_in_ready;
    wire        condition_in;
    wire        condition_in_valid;
    wire        condition_in_ready;

    // Behind the queues
    wire        [7:0]  threshold;
    wire               threshold_valid;
    wire               threshold_ready;
    wire               condition;
    wire               condition_valid;
    wire               condition_ready;
    wire        [7:0]  x;
    wire               x_valid;
    wire               x_ready;
    wire signed [14:0] operand;
    wire               operand_valid;
    wire               operand_ready;
    wire               select_head;
    wire        [19:0] result;
    wire               result_valid;
    wire               result_ready;

    skid_buffer #(
        .WIDTH (12)
    ) header_buffer (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({in_t, in_n}),
        .in_valid  (in_valid),
        .in_ready  (in_ready),
        .out_data  (header),
        .out_valid (header_valid),
        .out_ready (header_ready)
    );

    eager_fork #(
        .CONSUMERS (2)
    ) header_fork (
        .clk       (clk),
        .rst       (rst),
        .in_valid  (header_valid),
        .in_ready  (header_ready),
        .out_valid (start_valid),
        .out_ready ({sum_start_ready, index_start_ready}),
        .sent      (header_sent)
    );

    index_loop indices (
        .clk             (clk),
        .rst             (rst),
        .header_n        (header[3:0]),
        .header_t        (header[11:4]),
        .header_valid    (start_valid[0]),
        .header_ready    (index_start_ready),
        .address         (address),
        .address_valid   (address_valid),
        .address_ready   (address_ready),
        .threshold       (threshold_in),
        .threshold_valid (threshold_in_valid),
        .threshold_ready (threshold_in_ready),
        .condition       (condition_in),
        .condition_valid (condition_in_valid),
        .condition_ready (condition_in_ready),
        .state           (dbg_index),
        .sent            (dbg_index_sent)
    );

    one_slot #(
        .WIDTH (4)
    ) address_slot (
        .clk       (clk),
        .rst       (rst),
        .in_data   (address),
        .in_valid  (address_valid),
        .in_ready  (address_ready),
        .out_data  (ld_addr),
        .out_valid (ld_addr_valid),
        .out_ready (ld_addr_ready)
    );

    elastic_queue #(
        .WIDTH (8)
    ) threshold_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   (threshold_in),
        .in_valid  (threshold_in_valid),
        .in_ready  (threshold_in_ready),
        .out_data  (threshold),
        .out_valid (threshold_valid),
        .out_ready (threshold_ready),
        .level     (dbg_thresholds)
    );

    elastic_queue #(
        .WIDTH (1)
    ) condition_queue (
        .clk       (clk),
        .rst       (rst),
        .in_data   (condition_in),
        .in_valid  (condition_in_valid),
        .in_ready  (condition_in_ready),
        .out_data  (condition),
        .out_valid (condition_valid),
        .out_ready (condition_ready),
        .level     (dbg_ahead)
    );

    one_slot #(
        .WIDTH (8)
    ) data_slot (
        .clk       (clk),
        .rst       (rst),
        .in_data   (ld_data),
        .in_valid  (ld_data_valid),
        .in_ready  (ld_data_ready),
        .out_data  (x),
        .out_valid (x_valid),
        .out_ready (x_ready)
    );

    operand_stage operands (
        .clk           (clk),
        .rst           (rst),
        .x             (x),
        .x_valid       (x_valid),
        .x_ready       (x_ready),
        .t             (threshold),
        .t_valid       (threshold_valid),
        .t_ready       (threshold_ready),
        .operand       (operand),
        .operand_valid (operand_valid),
        .operand_ready (operand_ready),
        .sent          (dbg_data_sent),
        .select_level  (dbg_selects),
        .select        (select_head),
        .stages        (dbg_squares),
        .negation_held (dbg_negation)
    );

    sum_loop sums (
        .clk             (clk),
        .rst             (rst),
        .start_valid     (start_valid[1]),
        .start_ready     (sum_start_ready),
        .condition       (condition),
        .condition_valid (condition_valid),
        .condition_ready (condition_ready),
        .operand         (operand),
        .operand_valid   (operand_valid),
        .operand_ready   (operand_ready),
        .result          (result),
        .result_valid    (result_valid),
        .result_ready    (result_ready),
        .state           (dbg_sum)
    );

    one_slot #(
        .WIDTH (20)
    ) result_slot (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result),
        .in_valid  (result_valid),
        .in_ready  (result_ready),
        .out_data  (out_s),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign dbg_header = {header_valid, header_sent};
    assign dbg_data   = x_valid;
    assign dbg_select = (dbg_selects != 2'd0) && select_head;

endmodule

`default_nettype wire
