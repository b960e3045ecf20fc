// window_config: thresholds and zero skipping, as they hold for a window.
//
// A write goes to the live registers. The first accepted beat of a window
// uses them as they stand at the beginning of its cycle, and they are copied
// for the rest of the window; a write of the same cycle comes too late for it.
//
// tau_a and tau_w hold for the beat that is offered now, skip_zero for the
// beat accepted last.
`default_nettype none

module window_config (
    input  wire       clk,
    input  wire       rst,
    input  wire       cfg_we,
    input  wire [6:0] cfg_tau_a,
    input  wire [6:0] cfg_tau_w,
    input  wire       cfg_skip_zero,
    input  wire       beat_take,
    input  wire       beat_last,
    output wire [6:0] tau_a,
    output wire [6:0] tau_w,
    output wire       skip_zero
);

    reg [6:0] live_tau_a;
    reg [6:0] live_tau_w;
    reg       live_skip;
    reg       window_open;
    reg [6:0] window_tau_a;
    reg [6:0] window_tau_w;
    reg       window_skip;

    assign tau_a     = window_open ? window_tau_a : live_tau_a;
    assign tau_w     = window_open ? window_tau_w : live_tau_w;
    assign skip_zero = window_skip;

    always @(posedge clk) begin
        if (rst) begin
            live_tau_a <= 7'd0;
            live_tau_w <= 7'd0;
            live_skip  <= 1'b0;
        end else if (cfg_we) begin
            live_tau_a <= cfg_tau_a;
            live_tau_w <= cfg_tau_w;
            live_skip  <= cfg_skip_zero;
        end
    end

    always @(posedge clk) begin
        if (rst)
            window_open <= 1'b0;
        else if (beat_take)
            window_open <= !beat_last;
    end

    // The copy needs no reset: window_open says whether it is valid.
    always @(posedge clk) begin
        if (beat_take && !window_open) begin
            window_tau_a <= live_tau_a;
            window_tau_w <= live_tau_w;
            window_skip  <= live_skip;
        end
    end

endmodule

`default_nettype wire
