// fill_control: groups, flushes and the use of the two buffers.
//
// A group is opened by its first token, whose cfg_bits and cfg_gran hold for
// all of it. It is complete with 16 tokens, or with one in token mode; a
// flush closes an open group early. What is closed, and what a flush owes,
// goes to the drain as a command:
//   {action[1:0], buffer, place[3:0], gran, bits}
// where action is 0 GROUP, 1 GROUP_END (an END word follows the group),
// 2 RESID, 3 END (an END word alone), and place that of the last token.
//
// A flush works on what stands after this cycle's token. The buffers are
// used in turn. The command queue always has room: see the specification.
`default_nettype none

module fill_control (
    input  wire       clk,
    input  wire       rst,
    input  wire       cfg_bits,
    input  wire       cfg_gran,
    input  wire       tok_valid,
    output wire       tok_ready,
    input  wire       flush,
    // Token store: write enable, address, and whether the token opens a group
    output wire       write,
    output wire       write_buffer,
    output wire [3:0] write_place,
    output wire       write_first,
    // Commands to the drain
    output wire [8:0] command,
    output wire       command_valid,
    // Buffers that the drain frees
    input  wire       free,
    input  wire       free_buffer,
    output wire [1:0] full,
    output wire [3:0] fill,
    output wire       unflushed
);

    localparam [1:0] GROUP     = 2'd0;
    localparam [1:0] GROUP_END = 2'd1;
    localparam [1:0] RESID     = 2'd2;
    localparam [1:0] END       = 2'd3;

    localparam [3:0] LAST_PLACE = 4'd15;

    reg       fill_buffer;
    reg [1:0] full_flags;
    reg [3:0] count;
    reg       group_bits;
    reg       group_gran;
    reg       token_since_flush;

    wire       take;
    wire       open;
    wire       bits;
    wire       gran;
    wire       complete;
    wire       residual;
    wire       end_alone;
    wire       close;
    wire [1:0] action;
    wire [3:0] place;
    wire [1:0] closed_flags;
    wire [1:0] freed_flags;

    assign tok_ready = !full_flags[fill_buffer];
    assign take      = tok_valid && tok_ready;
    assign open      = count != 4'd0;

    // Mode of the group to which this cycle's token belongs.
    assign bits = open ? group_bits : cfg_bits;
    assign gran = open ? group_gran : cfg_gran;

    assign complete  = take && (gran || (count == LAST_PLACE));
    assign residual  = flush && !complete && (take || open);
    assign end_alone = flush && !take && !open && token_since_flush;
    assign close     = complete || residual;

    // Place of the group's last token; of no meaning for an END alone.
    assign place  = take ? count : count - 4'd1;
    assign action = complete ? (flush ? GROUP_END : GROUP) : (residual ? RESID : END);

    assign command       = {action, fill_buffer, place, gran, bits};
    assign command_valid = close || end_alone;

    assign write        = take;
    assign write_buffer = fill_buffer;
    assign write_place  = count;
    assign write_first  = !open;

    assign full      = full_flags;
    assign fill      = count;
    assign unflushed = token_since_flush;

    // The buffer that is closed is never the one that is freed.
    assign closed_flags = {close && fill_buffer, close && !fill_buffer};
    assign freed_flags  = {free && free_buffer, free && !free_buffer};

    always @(posedge clk) begin
        if (rst) begin
            fill_buffer <= 1'b0;
            full_flags  <= 2'b00;
            count       <= 4'd0;
        end else begin
            full_flags <= (full_flags | closed_flags) & ~freed_flags;
            if (close) begin
                fill_buffer <= !fill_buffer;
                count       <= 4'd0;
            end else if (take) begin
                count <= count + 4'd1;
            end
        end
    end

    // A flush also covers the token that comes with it.
    always @(posedge clk) begin
        if (rst)
            token_since_flush <= 1'b0;
        else if (flush)
            token_since_flush <= 1'b0;
        else if (take)
            token_since_flush <= 1'b1;
    end

    always @(posedge clk) begin
        if (take && !open) begin
            group_bits <= cfg_bits;
            group_gran <= cfg_gran;
        end
    end

endmodule

`default_nettype wire
