// mixed_scale: dot product of vectors whose blocks have a precision and a
// scale of their own.
//
// in -> block_dot -> product register -> accumulator -> result register
//    -> skid buffer -> out
`default_nettype none

module mixed_scale (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] in_x,
    input  wire [31:0] in_w,
    input  wire [1:0]  in_prec,
    input  wire [3:0]  in_e,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [17:0] out_sum,
    output wire [5:0]  out_exp,
    output wire [3:0]  out_switches,
    output wire [3:0]  out_growths,
    output wire        out_valid,
    input  wire        out_ready,
    output wire        dbg_held,
    output wire        dbg_open,
    output wire        dbg_rounded,
    output wire        dbg_done,
    output wire [1:0]  dbg_prec,
    output wire [5:0]  dbg_exp
);

    // Product register
    reg               held;
    reg signed [17:0] p;
    reg signed [3:0]  e;
    reg        [1:0]  prec;
    reg               last;

    // Result register
    reg        done;
    reg [31:0] result;

    wire signed [17:0] next_p;
    wire               take;
    wire               block_ready;
    wire               result_ready;
    wire               next_done;
    wire        [31:0] next_result;
    wire               skid_ready;
    wire        [31:0] out_word;

    block_dot dot (
        .prec (in_prec),
        .x    (in_x),
        .w    (in_w),
        .p    (next_p)
    );

    assign in_ready = !held || block_ready;
    assign take     = in_valid && in_ready;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (in_ready)
            held <= in_valid;
    end

    // Payload registers need no reset: the valid flags qualify them.
    always @(posedge clk) begin
        if (take) begin
            p    <= next_p;
            e    <= in_e;
            prec <= in_prec;
            last <= in_last;
        end
    end

    accumulator sums (
        .clk           (clk),
        .rst           (rst),
        .valid         (held),
        .ready         (block_ready),
        .p             (p),
        .p_exponent    (e),
        .prec          (prec),
        .last          (last),
        .result_ready  (result_ready),
        .result_valid  (next_done),
        .result        (next_result),
        .open          (dbg_open),
        .rounded       (dbg_rounded),
        .open_prec     (dbg_prec),
        .open_exponent (dbg_exp)
    );

    assign result_ready = !done || skid_ready;

    always @(posedge clk) begin
        if (rst)
            done <= 1'b0;
        else if (result_ready)
            done <= next_done;
    end

    always @(posedge clk) begin
        if (next_done)
            result <= next_result;
    end

    skid_buffer #(
        .WIDTH (32)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   (result),
        .in_valid  (done),
        .in_ready  (skid_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_sum      = out_word[17:0];
    assign out_exp      = out_word[23:18];
    assign out_switches = out_word[27:24];
    assign out_growths  = out_word[31:28];
    assign dbg_held     = held;
    assign dbg_done     = done;

endmodule

`default_nettype wire
