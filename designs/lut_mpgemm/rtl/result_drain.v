// result_drain: the correction of a tile, and its results one row after the
// other.
//
// The correction is the sum of T[0] over the groups of a tile; it is gathered
// when the first row of each group is looked up. The result of a row is
// (accumulator + correction) / 2, which is always exact: both have the same
// lowest bit.
//
// State (dbg): 0 IDLE
//              1 LAND  the tile's last row reaches its accumulator
//              2 SEND  offers the result of `row` until the output takes it
`default_nettype none

module result_drain (
    input  wire               clk,
    input  wire               rst,
    // Lookups
    input  wire               group_start,
    input  wire               tile_first,
    input  wire signed [9:0]  u_seven,
    input  wire               tile_end,
    input  wire        [2:0]  tile_rows_m1,
    // Accumulators
    output wire        [2:0]  read_row,
    input  wire signed [16:0] read_sum,
    // Results: {last, y[16:0]}
    output wire        [17:0] out_word,
    output wire               out_valid,
    input  wire               out_ready,
    output wire               busy,
    output wire        [1:0]  state
);

    localparam [1:0] IDLE = 2'd0;
    localparam [1:0] LAND = 2'd1;
    localparam [1:0] SEND = 2'd2;

    reg        [1:0]  phase;
    reg        [2:0]  row;
    reg        [2:0]  rows_m1;
    reg signed [13:0] gathered;
    reg signed [13:0] correction;

    wire signed [13:0] earlier;
    wire               last;
    wire signed [16:0] half_sum;
    wire signed [16:0] half_correction;
    wire               carry;
    wire signed [16:0] y;

    assign busy      = phase != IDLE;
    assign read_row  = row;
    assign last      = row == rows_m1;
    assign out_valid = phase == SEND;
    assign out_word  = {last, y};
    assign state     = phase;

    always @(posedge clk) begin
        if (rst) begin
            phase <= IDLE;
            row   <= 3'd0;
        end else begin
            case (phase)
                IDLE:    if (tile_end) phase <= LAND;
                LAND:    phase <= SEND;
                default: begin
                    if (out_ready) begin
                        phase <= last ? IDLE : SEND;
                        row   <= last ? 3'd0 : row + 3'd1;
                    end
                end
            endcase
        end
    end

    // T[0] = -U[7] lies in -508..512, eight of them in -4064..4096: 14 bits.
    assign earlier = tile_first ? 14'd0 : gathered;

    always @(posedge clk) begin
        if (group_start)
            gathered <= earlier - {{4{u_seven[9]}}, u_seven};
        if (tile_end)
            rows_m1 <= tile_rows_m1;
        if (phase == LAND)
            correction <= gathered;
    end

    // -65024..65536 before the halving, -32512..32768 after it: 17 bits.
    assign half_sum        = {read_sum[16], read_sum[16:1]};
    assign half_correction = {{4{correction[13]}}, correction[13:1]};
    assign carry           = read_sum[0] && correction[0];
    assign y               = half_sum + half_correction + {16'd0, carry};

endmodule

`default_nettype wire
