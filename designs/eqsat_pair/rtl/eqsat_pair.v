// eqsat_pair: a datapath and its rewritten form side by side.
//
// in -> operand register -> left_side, right_side -> side register
//    -> comparison and tally -> skid buffer -> out
`default_nettype none

module eqsat_pair (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_a,
    input  wire [15:0] in_b,
    input  wire [15:0] in_c,
    input  wire [3:0]  in_k,
    input  wire [3:0]  in_rule,
    input  wire        in_wide,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire [32:0] out_left,
    output wire [32:0] out_right,
    output wire        out_differ,
    output wire [4:0]  out_count,
    output wire [4:0]  out_first,
    output wire        out_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [1:0]  dbg_pipe,
    output wire        dbg_open,
    output wire [3:0]  dbg_rule,
    output wire        dbg_wide,
    output wire [4:0]  dbg_count,
    output wire [4:0]  dbg_first
);

    // Operand register
    reg        operands;
    reg [15:0] a;
    reg [15:0] b;
    reg [15:0] c;
    reg [3:0]  k;
    reg [3:0]  rule;
    reg        wide;
    reg        operands_last;

    // Side register
    reg        sides;
    reg [32:0] left;
    reg [32:0] right;
    reg        sides_last;

    wire        take;
    wire        operands_move;
    wire        sides_ready;
    wire        sides_move;
    wire        skid_ready;
    wire [3:0]  next_rule;
    wire        next_wide;
    wire [32:0] next_left;
    wire [32:0] next_right;
    wire        differ;
    wire [4:0]  count;
    wire [4:0]  first;
    wire [77:0] out_word;

    assign sides_ready   = !sides || skid_ready;
    assign in_ready      = !operands || sides_ready;
    assign take          = in_valid && in_ready;
    assign operands_move = operands && sides_ready;
    assign sides_move    = sides && skid_ready;

    job_rule job (
        .clk       (clk),
        .rst       (rst),
        .take      (take),
        .in_last   (in_last),
        .in_rule   (in_rule),
        .in_wide   (in_wide),
        .rule      (next_rule),
        .wide      (next_wide),
        .open      (dbg_open),
        .open_rule (dbg_rule),
        .open_wide (dbg_wide)
    );

    always @(posedge clk) begin
        if (rst)
            operands <= 1'b0;
        else if (in_ready)
            operands <= in_valid;
    end

    // Payload registers need no reset: the valid flags qualify them.
    always @(posedge clk) begin
        if (take) begin
            a             <= in_a;
            b             <= in_b;
            c             <= in_c;
            k             <= in_k;
            rule          <= next_rule;
            wide          <= next_wide;
            operands_last <= in_last;
        end
    end

    left_side #(.W (16)) original (
        .rule (rule),
        .a    (a),
        .b    (b),
        .c    (c),
        .k    (k),
        .y    (next_left)
    );

    right_side #(.W (16)) rewritten (
        .rule (rule),
        .wide (wide),
        .a    (a),
        .b    (b),
        .c    (c),
        .k    (k),
        .y    (next_right)
    );

    always @(posedge clk) begin
        if (rst)
            sides <= 1'b0;
        else if (sides_ready)
            sides <= operands;
    end

    always @(posedge clk) begin
        if (operands_move) begin
            left       <= next_left;
            right      <= next_right;
            sides_last <= operands_last;
        end
    end

    assign differ = left != right;

    tally differences (
        .clk        (clk),
        .rst        (rst),
        .move       (sides_move),
        .last       (sides_last),
        .differ     (differ),
        .count      (count),
        .first      (first),
        .kept_count (dbg_count),
        .kept_first (dbg_first)
    );

    skid_buffer #(
        .WIDTH (78)
    ) out_skid (
        .clk       (clk),
        .rst       (rst),
        .in_data   ({sides_last, first, count, differ, right, left}),
        .in_valid  (sides),
        .in_ready  (skid_ready),
        .out_data  (out_word),
        .out_valid (out_valid),
        .out_ready (out_ready)
    );

    assign out_left   = out_word[32:0];
    assign out_right  = out_word[65:33];
    assign out_differ = out_word[66];
    assign out_count  = out_word[71:67];
    assign out_first  = out_word[76:72];
    assign out_last   = out_word[77];
    assign dbg_pipe   = {sides, operands};

endmodule

`default_nettype wire
