// coefficient_banks: gamma and beta of 16 places, as a shadow set that is
// written and two banks that are used in turn.
//
// A write goes to the shadow set. A commit copies the shadow set, as it is
// before a write of the same cycle, to the bank that is not in use and makes
// a swap pending. The banks swap as soon as `drained` is high. A commit in
// the cycle of the swap goes with it: the copy is there when the bank is used.
//
// Set layout: bytes 0..15 gamma, bytes 16..31 beta, by place in the row.
`default_nettype none

module coefficient_banks (
    input  wire        clk,
    input  wire        rst,
    input  wire        cfg_we,
    input  wire        cfg_sel,
    input  wire [3:0]  cfg_addr,
    input  wire [7:0]  cfg_data,
    input  wire        cfg_commit,
    input  wire        drained,
    output wire        swap_pending,
    output wire        bank,
    input  wire [1:0]  place,
    output wire [31:0] gamma,
    output wire [31:0] beta
);

    // gamma = 64 (1.0), beta = 0.
    localparam [255:0] NEUTRAL = {{16{8'd0}}, {16{8'd64}}};

    reg [255:0] shadow;
    reg [255:0] bank0;
    reg [255:0] bank1;
    reg         pending;
    reg         chosen;

    wire         swap;
    wire [255:0] active;

    assign swap         = pending && drained;
    assign swap_pending = pending;
    assign bank         = chosen;

    assign active = chosen ? bank1 : bank0;
    assign gamma  = active[{1'b0, place, 5'd0} +: 32];
    assign beta   = active[{1'b1, place, 5'd0} +: 32];

    always @(posedge clk) begin
        if (rst) begin
            pending <= 1'b0;
            chosen  <= 1'b0;
        end else if (swap) begin
            pending <= 1'b0;
            chosen  <= !chosen;
        end else if (cfg_commit) begin
            pending <= 1'b1;
        end
    end

    always @(posedge clk) begin
        if (rst)
            shadow <= NEUTRAL;
        else if (cfg_we)
            shadow[{cfg_sel, cfg_addr, 3'd0} +: 8] <= cfg_data;
    end

    always @(posedge clk) begin
        if (rst) begin
            bank0 <= NEUTRAL;
            bank1 <= NEUTRAL;
        end else if (cfg_commit && chosen) begin
            bank0 <= shadow;
        end else if (cfg_commit) begin
            bank1 <= shadow;
        end
    end

endmodule

`default_nettype wire
