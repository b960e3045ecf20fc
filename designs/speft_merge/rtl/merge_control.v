// merge_control: takes the head of the list, or lets the block go.
//
// The head belongs to a block before the one that is held (late), to it, or
// to one behind it. Late heads, and in the last block of a tile those behind
// it, are dropped and counted. A block leaves when the list has ended or its
// head belongs to a later block of the tile.
`default_nettype none

module merge_control (
    input  wire       clk,
    input  wire       rst,
    // The block
    input  wire       w_valid,
    output wire       w_ready,
    output wire       load,
    input  wire       block_last,
    // The head of the list
    input  wire       head_valid,
    output wire       head_ready,
    input  wire [3:0] head_block,
    input  wire [1:0] head_kind,
    input  wire       head_last,
    output wire       update,
    output wire       set_mask,
    // The output
    output wire       out_valid,
    input  wire       out_ready,
    output wire       tile_done,
    output wire [4:0] dropped,
    // States
    output wire       held,
    output wire       ended,
    output wire [3:0] place
);

    localparam [1:0] UPDATE = 2'd0;
    localparam [1:0] MASK   = 2'd1;
    localparam [4:0] MOST   = 5'd31;

    reg       is_held;
    reg       is_ended;
    reg [3:0] number;
    reg [4:0] count;

    wire       counts;
    wire       behind;
    wire       take;
    wire       drop;
    wire       leave;

    // The two kinds that do nothing belong to no block: they are taken at once
    assign counts = !head_kind[1];
    assign behind = counts && (head_block > number) && !block_last;

    assign take       = is_held && !is_ended && head_valid && !behind;
    assign drop       = take && counts && (head_block != number);
    assign update     = take && (head_kind == UPDATE) && (head_block == number);
    assign set_mask   = take && (head_kind == MASK) && (head_block == number);
    assign head_ready = take;

    assign out_valid = is_held && (is_ended || (head_valid && behind));
    assign leave     = out_valid && out_ready;
    assign tile_done = leave && block_last;

    assign w_ready = !is_held || leave;
    assign load    = w_valid && w_ready;

    always @(posedge clk) begin
        if (rst)
            is_held <= 1'b0;
        else if (w_ready)
            is_held <= w_valid;
    end

    always @(posedge clk) begin
        if (rst) begin
            is_ended <= 1'b0;
            number   <= 4'd0;
            count    <= 5'd0;
        end else if (leave) begin
            is_ended <= is_ended && !block_last;
            number   <= block_last ? 4'd0 : number + 4'd1;
            count    <= block_last ? 5'd0 : count;
        end else if (take) begin
            is_ended <= head_last;
            if (drop && (count != MOST))
                count <= count + 5'd1;
        end
    end

    assign dropped = count;
    assign held    = is_held;
    assign ended   = is_ended;
    assign place   = number;

endmodule

`default_nettype wire
