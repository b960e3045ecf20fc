// index_loop: the loop over i. Its token is {t, n, i}; it asks for A[i] and
// tells the loop of the sum whether there is an iteration i.
//
//   mu -> index register -> eager fork -> address     eta: i < n
//                                      -> threshold   eta: i < n
//                                      -> condition   i < n
//                                      -> back edge   {t, n, i + 1}, i < n
//
// The loop runs ahead of the loop of the sum as far as the condition queue
// behind it has room; i never leaves 0..n, so four bits hold it.
//
// State (dbg): 0 EMPTY  no token in the index register
//              1 RUN    an iteration: i < n
//              2 END    the end of an invocation: i = n
`default_nettype none

module index_loop (
    input  wire       clk,
    input  wire       rst,
    input  wire [3:0] header_n,
    input  wire [7:0] header_t,
    input  wire       header_valid,
    output wire       header_ready,
    output wire [3:0] address,
    output wire       address_valid,
    input  wire       address_ready,
    output wire [7:0] threshold,
    output wire       threshold_valid,
    input  wire       threshold_ready,
    output wire       condition,
    output wire       condition_valid,
    input  wire       condition_ready,
    // Observed
    output wire [1:0] state,
    output wire [3:0] sent
);

    wire [15:0] mu_token;
    wire        mu_valid;
    wire        mu_ready;
    wire [15:0] token;
    wire        token_valid;
    wire        token_ready;
    wire [3:0]  i;
    wire [3:0]  n;
    wire [7:0]  t;
    wire        again;
    wire [3:0]  i_next;
    wire        loop_ready;
    wire        address_taken;
    wire        threshold_taken;
    wire [3:0]  fork_valid;

    mu_gate #(
        .WIDTH (16)
    ) mu (
        .clk        (clk),
        .rst        (rst),
        .init_data  ({header_t, header_n, 4'd0}),
        .init_valid (header_valid),
        .init_ready (header_ready),
        .loop_data  ({t, n, i_next}),
        .loop_again (again),
        .loop_valid (fork_valid[3]),
        .loop_ready (loop_ready),
        .out_data   (mu_token),
        .out_valid  (mu_valid),
        .out_ready  (mu_ready)
    );

    one_slot #(
        .WIDTH (16)
    ) index_register (
        .clk       (clk),
        .rst       (rst),
        .in_data   (mu_token),
        .in_valid  (mu_valid),
        .in_ready  (mu_ready),
        .out_data  (token),
        .out_valid (token_valid),
        .out_ready (token_ready)
    );

    assign i      = token[3:0];
    assign n      = token[7:4];
    assign t      = token[15:8];
    assign again  = i < n;
    assign i_next = i + 4'd1;

    eager_fork #(
        .CONSUMERS (4)
    ) index_fork (
        .clk       (clk),
        .rst       (rst),
        .in_valid  (token_valid),
        .in_ready  (token_ready),
        .out_valid (fork_valid),
        .out_ready ({loop_ready, condition_ready, threshold_taken, address_taken}),
        .sent      (sent)
    );

    eta_gate address_eta (
        .in_valid  (fork_valid[0]),
        .in_ready  (address_taken),
        .pass      (again),
        .out_valid (address_valid),
        .out_ready (address_ready)
    );

    eta_gate threshold_eta (
        .in_valid  (fork_valid[1]),
        .in_ready  (threshold_taken),
        .pass      (again),
        .out_valid (threshold_valid),
        .out_ready (threshold_ready)
    );

    assign condition_valid = fork_valid[2];
    assign condition       = again;
    assign address         = i;
    assign threshold       = t;
    assign state           = {token_valid && !again, token_valid && again};

endmodule

`default_nettype wire
