// packet_gate: turns the blocks of the quantiser to packets at the output.
//
// States: 0 HEAD     offers the header, or a marker for a row that is killed
//                    or bad
//         1 CODES    offers the codes of the keys
//         2 DISCARD  throws away what is left of the block
//
// What is offered once stays: from that cycle on the row cannot be killed any
// more (`begun`).
`default_nettype none

module packet_gate (
    input  wire       clk,
    input  wire       rst,
    // Quantiser
    input  wire [7:0] in_data,
    input  wire       in_last,
    input  wire       in_valid,
    output wire       in_ready,
    // Slot of the row
    output wire [1:0] slot,
    input  wire       owner,
    input  wire [1:0] pairs,
    input  wire       killed,
    input  wire       bad,
    input  wire       clipped,
    output wire       begun,
    output wire       packet_end,
    output wire [1:0] range,
    // Output
    output wire [7:0] out_data,
    output wire       out_head,
    output wire       out_drop,
    output wire       out_ctx,
    output wire       out_last,
    output wire       out_valid,
    input  wire       out_ready
);

    localparam [1:0] HEAD    = 2'd0;
    localparam [1:0] CODES   = 2'd1;
    localparam [1:0] DISCARD = 2'd2;

    reg [1:0] phase;
    reg [2:0] place;
    reg [1:0] row_slot;

    wire drop;
    wire take;

    assign drop = (phase == HEAD) && (killed || bad);

    assign out_valid = in_valid && (phase != DISCARD);
    assign out_head  = phase == HEAD;
    assign out_drop  = drop;
    assign out_ctx   = owner;
    assign out_last  = drop || ((phase == CODES) && (place == {pairs, 1'b1}));
    assign out_data  = drop            ? {6'd0, bad, killed} :
                       (phase == HEAD) ? {1'b0, clipped, in_data[5:0]} : in_data;

    assign in_ready   = out_ready || (phase == DISCARD);
    assign take       = in_valid && in_ready;
    assign packet_end = out_valid && out_ready && out_last;
    assign begun      = (phase == CODES) || ((phase == HEAD) && in_valid);
    assign slot       = row_slot;
    assign range      = {2{(phase == HEAD) && take && !drop && clipped}} & {owner, !owner};

    always @(posedge clk) begin
        if (rst) begin
            phase    <= HEAD;
            place    <= 3'd0;
            row_slot <= 2'd0;
        end else if (take) begin
            if (in_last)
                phase <= HEAD;
            else if (out_last && phase != DISCARD)
                phase <= DISCARD;
            else if (phase == HEAD)
                phase <= CODES;
            place <= (phase == CODES && !out_last) ? place + 3'd1 : 3'd0;
            if (packet_end)
                row_slot <= row_slot + 2'd1;
        end
    end

endmodule

`default_nettype wire
