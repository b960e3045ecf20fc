// tile_block: the block of weights that updates are merged into.
//
// An update adds a value to one lane and saturates; updates of the same lane
// add up one after the other, each saturating. `mask` says which lanes may be
// touched; a mask of the list replaces it until the end of the tile.
`default_nettype none

module tile_block (
    input  wire        clk,
    input  wire        rst,
    // A new block
    input  wire        load,
    input  wire [31:0] in_weights,
    input  wire        in_last,
    // A step of the list
    input  wire        update,
    input  wire        set_mask,
    input  wire [1:0]  lane,
    input  wire [7:0]  value,
    // The last block of a tile leaves
    input  wire        tile_done,
    output wire [31:0] weights,
    output wire        last,
    output wire [3:0]  hits,
    output wire [3:0]  clipped,
    output wire [3:0]  mask
);

    localparam signed [8:0] HIGH = 9'sd127;
    localparam signed [8:0] LOW  = -9'sd128;

    reg [31:0] block;
    reg        block_last;
    reg [3:0]  block_hits;
    reg [3:0]  block_clipped;
    reg [3:0]  lanes;

    reg        [7:0] old;
    wire signed [8:0] sum;
    wire             beyond;
    wire       [7:0] result;
    wire       [3:0] place;
    wire             touch;

    always @* begin
        case (lane)
            2'd0:    old = block[7:0];
            2'd1:    old = block[15:8];
            2'd2:    old = block[23:16];
            default: old = block[31:24];
        endcase
    end

    assign sum    = {old[7], old} + {value[7], value};
    assign beyond = (sum > HIGH) || (sum < LOW);
    assign result = (sum > HIGH) ? HIGH[7:0] : (sum < LOW) ? LOW[7:0] : sum[7:0];
    assign place  = 4'd1 << lane;
    assign touch  = update && ((place & lanes) != 4'd0);

    always @(posedge clk) begin
        if (load) begin
            block         <= in_weights;
            block_last    <= in_last;
            block_hits    <= 4'd0;
            block_clipped <= 4'd0;
        end else if (touch) begin
            block[7:0]    <= place[0] ? result : block[7:0];
            block[15:8]   <= place[1] ? result : block[15:8];
            block[23:16]  <= place[2] ? result : block[23:16];
            block[31:24]  <= place[3] ? result : block[31:24];
            block_hits    <= block_hits | place;
            block_clipped <= block_clipped | (beyond ? place : 4'd0);
        end
    end

    always @(posedge clk) begin
        if (rst)
            lanes <= 4'hf;
        else if (tile_done)
            lanes <= 4'hf;
        else if (set_mask)
            lanes <= value[3:0];
    end

    assign weights = block;
    assign last    = block_last;
    assign hits    = block_hits;
    assign clipped = block_clipped;
    assign mask    = lanes;

endmodule

`default_nettype wire
