// code_stage: second pipeline register. Packs a beat: the header of a block,
// or the code of an element.
`default_nettype none

module code_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        in_head,
    input  wire        in_last,
    input  wire [1:0]  in_format,
    input  wire [3:0]  in_exponent,
    input  wire        in_zero,
    input  wire        in_negative,
    input  wire [3:0]  in_top,
    input  wire [15:0] in_significand,
    output wire        out_valid,
    input  wire        out_ready,
    output wire        out_head,
    output wire        out_last,
    output wire [7:0]  out_data
);

    reg       held;
    reg       held_head;
    reg       held_last;
    reg [7:0] held_data;

    wire [7:0] code;

    element_coder coder (
        .format      (in_format),
        .exponent    (in_exponent),
        .zero        (in_zero),
        .negative    (in_negative),
        .top         (in_top),
        .significand (in_significand),
        .code        (code)
    );

    assign in_ready = !held || out_ready;

    assign out_valid = held;
    assign out_head  = held_head;
    assign out_last  = held_last;
    assign out_data  = held_data;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (in_ready)
            held <= in_valid;
    end

    // Payload registers need no reset: held qualifies them.
    always @(posedge clk) begin
        if (in_valid && in_ready) begin
            held_head <= in_head;
            held_last <= in_last;
            held_data <= in_head ? {2'd0, in_format, in_exponent} : code;
        end
    end

endmodule

`default_nettype wire
