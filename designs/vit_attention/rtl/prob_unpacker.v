// prob_unpacker: sends the probabilities of a row one by one to the block
// quantiser, as fixed-point numbers with 14 fraction bits, and fills the
// block up to eight elements with zeros.
`default_nettype none

module prob_unpacker (
    input  wire        clk,
    input  wire        rst,
    // Beats: {last, exponent (4), mantissa1, mantissa0}
    input  wire [20:0] in_word,
    input  wire        in_valid,
    output wire        in_ready,
    // Slot of the row
    output wire [1:0]  slot,
    // Elements
    output wire [15:0] out_x,
    output wire        out_valid,
    input  wire        out_ready
);

    reg       padding;
    reg [2:0] place;
    reg [1:0] row_slot;

    wire        lane;
    wire [7:0]  mantissa;
    wire [3:0]  amount;
    wire [16:0] raised;
    wire        take;
    wire        raised_unused;

    // Places count lanes too: beats have two.
    assign lane     = place[0];
    assign mantissa = lane ? in_word[15:8] : in_word[7:0];

    // exponent + 8: 0..9. Twice the element, at most 126 * 2^9.
    assign amount = in_word[19:16] + 4'd8;
    assign raised = {9'd0, mantissa} << amount;

    assign {out_x, raised_unused} = padding ? 17'd0 : raised;

    assign out_valid = padding || in_valid;
    assign take      = out_valid && out_ready;
    assign in_ready  = !padding && lane && out_ready;
    assign slot      = row_slot;

    always @(posedge clk) begin
        if (rst) begin
            padding  <= 1'b0;
            place    <= 3'd0;
            row_slot <= 2'd0;
        end else if (take) begin
            place <= place + 3'd1; // 7 wraps to 0
            if (place == 3'd7) begin
                padding  <= 1'b0;
                row_slot <= row_slot + 2'd1;
            end else if (!padding && lane && in_word[20]) begin
                padding <= 1'b1;
            end
        end
    end

endmodule

`default_nettype wire
