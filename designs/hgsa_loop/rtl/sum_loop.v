// sum_loop: the loop over s. A condition token joins s at the head of the
// loop and decides what happens to it: if there is an iteration, the next
// operand is added and s goes round; if not, s leaves to the result slot and
// the next invocation starts from 0.
//
//   mu, condition -> join -> sum register -> eta: condition  -> + operand -> back edge
//                                         -> eta: !condition -> result
//
// The loop holds one token, so the slot of its mu is always empty when s
// comes round, and s is added to in every cycle in which an operand is there.
// s is at most 15 * 127 * 127 = 241935: twenty bits never overflow.
//
// State (dbg): 0 EMPTY    no s in the register
//              1 STARVED  there is an iteration, s waits for its operand
//              2 ADD      the operand is added
//              3 EXIT     there is no iteration left
`default_nettype none

module sum_loop (
    input  wire               clk,
    input  wire               rst,
    input  wire               start_valid,
    output wire               start_ready,
    input  wire               condition,
    input  wire               condition_valid,
    output wire               condition_ready,
    input  wire signed [14:0] operand,
    input  wire               operand_valid,
    output wire               operand_ready,
    output wire        [19:0] result,
    output wire               result_valid,
    input  wire               result_ready,
    output wire        [1:0]  state
);

    wire [19:0] mu_sum;
    wire        mu_valid;
    wire        mu_ready;
    wire        loop_ready;
    wire        register_ready;
    wire        goes_on;
    wire [19:0] sum;
    wire        sum_valid;
    wire        sum_taken;
    wire [19:0] sum_next;
    wire        add_valid;
    wire        add_taken;
    wire        exit_taken;

    mu_gate #(
        .WIDTH (20)
    ) mu (
        .clk        (clk),
        .rst        (rst),
        .init_data  (20'd0),
        .init_valid (start_valid),
        .init_ready (start_ready),
        .loop_data  (sum_next),
        .loop_again (goes_on),
        .loop_valid (sum_valid && sum_taken),
        .loop_ready (loop_ready),
        .out_data   (mu_sum),
        .out_valid  (mu_valid),
        .out_ready  (mu_ready)
    );

    // The join: s and its condition are consumed together.
    assign mu_ready        = register_ready && condition_valid;
    assign condition_ready = register_ready && mu_valid;

    one_slot #(
        .WIDTH (21)
    ) sum_register (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({condition, mu_sum}),
        .in_valid  (mu_valid && condition_valid),
        .in_ready  (register_ready),
        .out_data  ({goes_on, sum}),
        .out_valid (sum_valid),
        .out_ready (sum_taken)
    );

    eta_gate add_eta (
        .in_valid  (sum_valid && loop_ready),
        .in_ready  (add_taken),
        .pass      (goes_on),
        .out_valid (add_valid),
        .out_ready (operand_valid)
    );

    eta_gate exit_eta (
        .in_valid  (sum_valid && loop_ready),
        .in_ready  (exit_taken),
        .pass      (!goes_on),
        .out_valid (result_valid),
        .out_ready (result_ready)
    );

    assign sum_taken     = loop_ready && add_taken && exit_taken;
    assign operand_ready = add_valid;
    assign sum_next      = sum + {{5{operand[14]}}, operand};
    assign result        = sum;

    assign state = !sum_valid     ? 2'd0 :
                   !goes_on       ? 2'd3 :
                   !operand_valid ? 2'd1 : 2'd2;

endmodule

`default_nettype wire
