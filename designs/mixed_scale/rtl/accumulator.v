// accumulator: sum of a vector with its exponent, and what happened to it.
//
// A block whose precision is not that of the block before costs a step of its
// own (`round`), in which the sum is rounded; then it is added (`add`).
`default_nettype none

module accumulator (
    input  wire               clk,
    input  wire               rst,
    // The block that waits
    input  wire               valid,
    output wire               ready,
    input  wire signed [17:0] p,
    input  wire signed [3:0]  p_exponent,
    input  wire        [1:0]  prec,
    input  wire               last,
    // Room for a result
    input  wire               result_ready,
    output wire               result_valid,
    output wire        [31:0] result,
    // States
    output wire               open,
    output wire               rounded,
    output wire        [1:0]  open_prec,
    output wire        [5:0]  open_exponent
);

    reg signed [17:0] sum;
    reg signed [5:0]  exponent;
    reg               is_open;
    reg               is_rounded;
    reg        [1:0]  prec_before;
    reg        [3:0]  switches;
    reg        [3:0]  growths;

    wire               switched;
    wire               round;
    wire               add;
    wire signed [17:0] rounded_sum;
    wire signed [5:0]  raised;
    wire signed [17:0] next_sum;
    wire signed [5:0]  next_exponent;
    wire               grew;
    wire        [3:0]  next_growths;

    assign switched = is_open && (prec != prec_before);
    assign round    = valid && switched && !is_rounded;
    assign add      = valid && (!switched || is_rounded) && (!last || result_ready);
    assign ready    = add;

    switch_round rounding (
        .sum      (sum),
        .exponent (exponent),
        .rounded  (rounded_sum),
        .raised   (raised)
    );

    align_add adding (
        .sum          (sum),
        .sum_exponent (exponent),
        .p            (p),
        .p_exponent   (p_exponent),
        .result       (next_sum),
        .exponent     (next_exponent),
        .grew         (grew)
    );

    assign next_growths = growths + {3'd0, grew};

    always @(posedge clk) begin
        if (rst) begin
            sum      <= 18'sd0;
            exponent <= 6'sd0;
        end else if (round) begin
            sum      <= rounded_sum;
            exponent <= raised;
        end else if (add) begin
            sum      <= last ? 18'sd0 : next_sum;
            exponent <= last ? 6'sd0 : next_exponent;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            is_open    <= 1'b0;
            is_rounded <= 1'b0;
        end else if (round) begin
            is_rounded <= 1'b1;
        end else if (add) begin
            is_open    <= !last;
            is_rounded <= 1'b0;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            switches <= 4'd0;
            growths  <= 4'd0;
        end else if (round) begin
            switches <= switches + 4'd1;
        end else if (add) begin
            switches <= last ? 4'd0 : switches;
            growths  <= last ? 4'd0 : next_growths;
        end
    end

    // The precision needs no reset: is_open qualifies it.
    always @(posedge clk) begin
        if (add)
            prec_before <= prec;
    end

    assign result_valid = add && last;
    assign result       = {next_growths, switches, next_exponent, next_sum};

    assign open          = is_open;
    assign rounded       = is_rounded;
    assign open_prec     = is_open ? prec_before : 2'd0;
    assign open_exponent = exponent;

endmodule

`default_nettype wire
