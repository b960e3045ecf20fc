// interrupt_moderation: holds the interrupt back until enough has happened, or
// until what has happened is old enough.
//
// A spell begins in the first cycle in which a bit of STATUS that is not
// masked is 1, and ends with the first in which none is. In a spell the
// interrupt gets ripe if `threshold` events have been counted, or if it has
// lasted 4 * `timeout` cycles. An event that comes in the last cycle before a
// spell counts for it. With a threshold of 0 nothing is held back.
`default_nettype none

module interrupt_moderation (
    input  wire       clk,
    input  wire       rst,
    input  wire [3:0] threshold,
    input  wire [7:0] timeout,
    input  wire       raised,
    input  wire [3:0] events,
    output wire       irq
);

    reg [3:0] count;
    reg [9:0] age;
    reg       ripe;

    wire [2:0] new_events;
    wire [4:0] total;
    wire [3:0] count_next;
    wire [9:0] age_next;
    wire       enough;
    wire       old;

    assign new_events = {2'd0, events[0]} + {2'd0, events[1]} + {2'd0, events[2]} + {2'd0, events[3]};
    assign total      = (raised ? {1'b0, count} : 5'd0) + {2'd0, new_events};
    assign count_next = total[4] ? 4'd15 : total[3:0];
    assign age_next   = !raised ? 10'd0 : (age == 10'd1023) ? age : age + 10'd1;
    assign enough     = count_next >= threshold;
    assign old        = raised && (timeout != 8'd0) && (age_next >= {timeout, 2'b00});

    assign irq = raised && (ripe || (threshold == 4'd0));

    always @(posedge clk) begin
        if (rst) begin
            count <= 4'd0;
            age   <= 10'd0;
            ripe  <= 1'b0;
        end else begin
            count <= count_next;
            age   <= age_next;
            ripe  <= (raised && ripe) || enough || old;
        end
    end

endmodule

`default_nettype wire
