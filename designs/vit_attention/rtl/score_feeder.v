// score_feeder: sends each normalised row through the dot product, once for
// every key, with the weights of that key.
//
// States: 0 IDLE    waits for a row
//         1 CONFIG  writes the key's factors to the dot product
//         2 BEAT    offers the row's beats, one after the other
//
// The row is given back with the last beat of the last key.
`default_nettype none

module score_feeder (
    input  wire        clk,
    input  wire        rst,
    // Row store
    input  wire        row_valid,
    input  wire [1:0]  row_last,
    output wire [1:0]  row_place,
    output wire        row_free,
    // Slot of the row
    output wire [1:0]  slot,
    input  wire [1:0]  pairs,
    // Memory
    output wire        reading,
    output wire [2:0]  key,
    // Dot product
    output wire        config_we,
    output wire        beat_valid,
    output wire        beat_last,
    input  wire        beat_ready
);

    localparam [1:0] IDLE   = 2'd0;
    localparam [1:0] CONFIG = 2'd1;
    localparam [1:0] BEAT   = 2'd2;

    reg [1:0] phase;
    reg [2:0] key_now;
    reg [1:0] place;
    reg [1:0] row_slot;

    wire key_done;
    wire row_done;

    assign row_place  = place;
    assign row_free   = row_done;
    assign slot       = row_slot;
    assign key        = key_now;
    assign config_we  = phase == CONFIG;
    assign beat_valid = phase == BEAT;
    assign beat_last  = place == row_last;
    assign reading    = config_we || (beat_valid && beat_ready);

    assign key_done = beat_valid && beat_ready && beat_last;
    assign row_done = key_done && (key_now == {pairs, 1'b1});

    always @(posedge clk) begin
        if (rst)
            phase <= IDLE;
        else if (row_done)
            phase <= IDLE;
        else if (key_done || (phase == IDLE && row_valid))
            phase <= CONFIG;
        else if (phase == CONFIG)
            phase <= BEAT;
    end

    always @(posedge clk) begin
        if (rst) begin
            key_now  <= 3'd0;
            place    <= 2'd0;
            row_slot <= 2'd0;
        end else begin
            if (key_done)
                key_now <= row_done ? 3'd0 : key_now + 3'd1;
            if (beat_valid && beat_ready)
                place <= beat_last ? 2'd0 : place + 2'd1;
            if (row_done)
                row_slot <= row_slot + 2'd1;
        end
    end

endmodule

`default_nettype wire
