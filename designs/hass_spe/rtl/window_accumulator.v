// window_accumulator: saturating sum, pair count and cycle count of a window.
//
// sum, pairs and cycles are the values after the present step
// (combinational); they are stored when `take` is high. After a step with
// `last` the next step opens a new window: it starts from zero.
//
// Both products of a step are added first, then the sum is checked. A sum
// that has left the 20-bit range stays at the bound for the rest of its
// window, whatever comes.
`default_nettype none

module window_accumulator (
    input  wire               clk,
    input  wire               rst,
    input  wire               take,
    input  wire               last,
    input  wire               counts,
    input  wire        [1:0]  step_pairs,
    input  wire signed [14:0] product0,
    input  wire signed [14:0] product1,
    output wire        [19:0] sum,
    output wire        [6:0]  pairs,
    output wire        [5:0]  cycles
);

    localparam [19:0] SUM_MAX = 20'h7ffff;
    localparam [19:0] SUM_MIN = 20'h80000;

    reg        window_open;
    reg [19:0] acc;
    reg        stuck;
    reg [6:0]  pair_count;
    reg [5:0]  cycle_count;

    wire [20:0] base;
    wire [20:0] total;
    wire        was_stuck;
    wire        overflow;

    assign was_stuck = window_open && stuck;

    // Within -524288 - 32512 .. 524287 + 32258: 21 bits.
    assign base  = window_open ? {acc[19], acc} : 21'd0;
    assign total = base + {{6{product0[14]}}, product0} + {{6{product1[14]}}, product1};

    // The 20-bit range is left if the two upper bits differ; bit 20 is the sign.
    assign overflow = total[20] != total[19];

    assign sum = was_stuck ? acc :
                 !overflow ? total[19:0] :
                 total[20] ? SUM_MIN : SUM_MAX;

    // At most 64 pairs and 32 cycles.
    assign pairs  = (window_open ? pair_count : 7'd0) + {5'd0, step_pairs};
    assign cycles = (window_open ? cycle_count : 6'd0) + {5'd0, counts};

    always @(posedge clk) begin
        if (rst)
            window_open <= 1'b0;
        else if (take)
            window_open <= !last;
    end

    always @(posedge clk) begin
        if (take) begin
            acc         <= sum;
            stuck       <= was_stuck || overflow;
            pair_count  <= pairs;
            cycle_count <= cycles;
        end
    end

endmodule

`default_nettype wire
