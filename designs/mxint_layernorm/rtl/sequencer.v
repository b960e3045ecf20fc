// sequencer: phases of the row that is worked on.
//
// Phases (dbg state): 0 WAIT  waits for a complete row
//                     1 MAX   largest exponent, a beat a cycle
//                     2 SUM   sum of the aligned elements, a beat a cycle
//                     3 MEAN  mean
//                     4 VAR   sum of the squared differences, a beat a cycle
//                     5 ROOT  variance, then its inverse root: two cycles
//                     6 EMIT  hands on a beat a cycle, if it is taken
// A row of b beats takes 4 * b + 4 cycles at least. `place` is the beat that
// is read, and counts the two cycles of ROOT.
`default_nettype none

module sequencer (
    input  wire       clk,
    input  wire       rst,
    input  wire       row_valid,
    input  wire [1:0] row_last,
    output wire       row_free,
    output wire [2:0] state,
    output wire [1:0] place,
    output wire       at_last,
    output wire       emit_valid,
    input  wire       emit_ready
);

    localparam [2:0] WAIT = 3'd0;
    localparam [2:0] MAX  = 3'd1;
    localparam [2:0] SUM  = 3'd2;
    localparam [2:0] MEAN = 3'd3;
    localparam [2:0] VAR  = 3'd4;
    localparam [2:0] ROOT = 3'd5;
    localparam [2:0] EMIT = 3'd6;

    reg [2:0] phase;
    reg [1:0] step;

    assign state      = phase;
    assign place      = step;
    assign at_last    = step == row_last;
    assign emit_valid = phase == EMIT;
    assign row_free   = emit_valid && emit_ready && at_last;

    always @(posedge clk) begin
        if (rst) begin
            phase <= WAIT;
            step  <= 2'd0;
        end else begin
            case (phase)
                WAIT: if (row_valid) phase <= MAX;
                MAX: begin
                    step <= at_last ? 2'd0 : step + 2'd1;
                    if (at_last) phase <= SUM;
                end
                SUM: begin
                    step <= at_last ? 2'd0 : step + 2'd1;
                    if (at_last) phase <= MEAN;
                end
                MEAN: phase <= VAR;
                VAR: begin
                    step <= at_last ? 2'd0 : step + 2'd1;
                    if (at_last) phase <= ROOT;
                end
                ROOT: begin
                    step <= step[0] ? 2'd0 : 2'd1;
                    if (step[0]) phase <= EMIT;
                end
                default: begin
                    if (emit_ready) begin
                        step <= at_last ? 2'd0 : step + 2'd1;
                        if (at_last) phase <= WAIT;
                    end
                end
            endcase
        end
    end

endmodule

`default_nettype wire
