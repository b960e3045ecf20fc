// job_rule: which rewrite holds for a beat.
//
// A job brings its rule with its first beat; those of later beats are not
// looked at.
`default_nettype none

module job_rule (
    input  wire       clk,
    input  wire       rst,
    input  wire       take,
    input  wire       in_last,
    input  wire [3:0] in_rule,
    input  wire       in_wide,
    output wire [3:0] rule,
    output wire       wide,
    output wire       open,
    output wire [3:0] open_rule,
    output wire       open_wide
);

    reg       is_open;
    reg [3:0] job_number;
    reg       job_wide;

    assign rule = is_open ? job_number : in_rule;
    assign wide = is_open ? job_wide : in_wide;

    assign open      = is_open;
    assign open_rule = is_open ? job_number : 4'd0;
    assign open_wide = is_open && job_wide;

    always @(posedge clk) begin
        if (rst)
            is_open <= 1'b0;
        else if (take)
            is_open <= !in_last;
    end

    // The rule needs no reset: is_open qualifies it.
    always @(posedge clk) begin
        if (take) begin
            job_number <= rule;
            job_wide   <= wide;
        end
    end

endmodule

`default_nettype wire
