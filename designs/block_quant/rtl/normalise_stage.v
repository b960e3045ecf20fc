// normalise_stage: first pipeline register. Splits an element into sign,
// position of its leading one, and a significand whose top bit is set:
//   |x| = significand * 2^(top - 15)
// For x = 0 significand and top have no meaning. Header beats pass
// with format and shared exponent only.
`default_nettype none

module normalise_stage (
    input  wire        clk,
    input  wire        rst,
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        in_head,
    input  wire        in_last,
    input  wire [1:0]  in_format,
    input  wire [3:0]  in_exponent,
    input  wire [15:0] in_x,
    output wire        out_valid,
    input  wire        out_ready,
    output wire        out_head,
    output wire        out_last,
    output wire [1:0]  out_format,
    output wire [3:0]  out_exponent,
    output wire        out_zero,
    output wire        out_negative,
    output wire [3:0]  out_top,
    output wire [15:0] out_significand
);

    reg        held;
    reg        held_head;
    reg        held_last;
    reg [1:0]  held_format;
    reg [3:0]  held_exponent;
    reg        held_zero;
    reg        held_negative;
    reg [3:0]  held_top;
    reg [15:0] held_significand;

    wire [15:0] magnitude;
    wire [3:0]  top;
    wire        zero;

    // |-32768| is 32768: 16 bits, unsigned.
    assign magnitude = in_x[15] ? 16'd0 - in_x : in_x;

    leading_one leading (
        .value    (magnitude),
        .position (top),
        .zero     (zero)
    );

    assign in_ready = !held || out_ready;

    assign out_valid       = held;
    assign out_head        = held_head;
    assign out_last        = held_last;
    assign out_format      = held_format;
    assign out_exponent    = held_exponent;
    assign out_zero        = held_zero;
    assign out_negative    = held_negative;
    assign out_top         = held_top;
    assign out_significand = held_significand;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (in_ready)
            held <= in_valid;
    end

    // Payload registers need no reset: held qualifies them.
    always @(posedge clk) begin
        if (in_valid && in_ready) begin
            held_head        <= in_head;
            held_last        <= in_last;
            held_format      <= in_format;
            held_exponent    <= in_exponent;
            held_zero        <= zero;
            held_negative    <= in_x[15];
            held_top         <= top;
            held_significand <= magnitude << (4'd15 - top);
        end
    end

endmodule

`default_nettype wire
