// slot_table: what must be known of each row in flight, in four slots that
// are used in turn.
//
// A slot is taken with the first beat of a row and given back with the end of
// its packet. Each stage of the pipeline counts rows by itself and asks for
// the slot of its own row, so rows of both contexts may follow each other
// through all stages with settings of their own.
//
// An abort marks all slots of its context as killed, the one that is taken in
// the same cycle too, but not a row whose packet has begun at the output.
//
// settings: {exponents (12), scale (4), lr_en, format (2), bank, pairs (2)}
`default_nettype none

module slot_table (
    input  wire        clk,
    input  wire        rst,
    // Input side
    input  wire [1:0]  row_begin,
    input  wire [21:0] row_settings,
    input  wire [1:0]  overlong,
    input  wire [1:0]  abort_take,
    input  wire [1:0]  charged,
    output wire        slot_free,
    // Stages
    input  wire [1:0]  feed_slot,
    output wire [21:0] feed_settings,
    input  wire [1:0]  pack_slot,
    output wire [21:0] pack_settings,
    input  wire        clipped_set,
    input  wire [1:0]  unpack_slot,
    output wire [21:0] unpack_settings,
    // Output side
    input  wire [1:0]  gate_slot,
    input  wire        gate_begun,
    input  wire        packet_end,
    output wire        gate_context,
    output wire [1:0]  gate_pairs,
    output wire        gate_killed,
    output wire        gate_bad,
    output wire        gate_clipped,
    output wire        gate_charged
);

    reg [21:0] settings [0:3];
    reg [3:0]  owner;
    reg [3:0]  killed;
    reg [3:0]  bad;
    reg [3:0]  clipped;
    reg [3:0]  paid;  // the row took a credit
    reg [1:0]  next_slot;
    reg [2:0]  used;

    wire       begins;
    wire       is_overlong;
    wire [3:0] begin_mask;
    wire [3:0] open_mask;
    wire [3:0] pack_mask;
    wire [3:0] begun_mask;
    wire [3:0] kill_mask;
    wire [21:0] gate_settings;
    wire [19:0] gate_settings_unused;

    assign begins      = |row_begin;
    assign is_overlong = |overlong;
    assign slot_free   = used != 3'd4;

    assign begin_mask = begins ? (4'd1 << next_slot) : 4'd0;
    // The slot of the row that is being loaded: just taken, or the newest one.
    assign open_mask  = begins ? begin_mask : (4'd1 << (next_slot - 2'd1));
    assign pack_mask  = clipped_set ? (4'd1 << pack_slot) : 4'd0;
    assign begun_mask = gate_begun ? (4'd1 << gate_slot) : 4'd0;
    assign kill_mask  = ({4{abort_take[0]}} & ~owner | {4{abort_take[1]}} & owner) & ~begun_mask;

    assign feed_settings   = settings[feed_slot];
    assign pack_settings   = settings[pack_slot];
    assign unpack_settings = settings[unpack_slot];
    assign gate_settings   = settings[gate_slot];

    assign {gate_settings_unused, gate_pairs} = gate_settings;

    assign gate_context = owner[gate_slot];
    assign gate_killed  = killed[gate_slot];
    assign gate_bad     = bad[gate_slot];
    assign gate_clipped = clipped[gate_slot];
    assign gate_charged = paid[gate_slot];

    always @(posedge clk) begin
        if (rst) begin
            next_slot <= 2'd0;
            used      <= 3'd0;
        end else begin
            if (begins)
                next_slot <= next_slot + 2'd1;
            used <= used + {2'd0, begins} - {2'd0, packet_end};
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            owner   <= 4'd0;
            killed  <= 4'd0;
            bad     <= 4'd0;
            clipped <= 4'd0;
            paid    <= 4'd0;
        end else begin
            owner   <= (owner & ~begin_mask) | ({4{row_begin[1]}} & begin_mask);
            killed  <= ((killed | kill_mask) & ~begin_mask) | ({4{|(row_begin & abort_take)}} & begin_mask);
            bad     <= (bad & ~begin_mask) | ({4{is_overlong}} & open_mask);
            clipped <= (clipped & ~begin_mask) | pack_mask;
            paid    <= (paid & ~begin_mask) | ({4{|charged}} & begin_mask);
        end
    end

    always @(posedge clk) begin
        if (begins)
            settings[next_slot] <= row_settings;
    end

endmodule

`default_nettype wire
